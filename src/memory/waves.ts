/**
 * Applies many users' events together. Within a user order matters, between users it does not: a few users with about as many events are
 * stepped together, wave n holding each user's n-th event. The result is the same, bit for bit, for any grouping.
 */
import { setImmediate } from 'node:timers/promises';
import type { Track } from '../model/events.js';
import { usersAtOnce, type Network } from '../model/network.js';

/** Steps between two looks at what else the process has to do: requests, heartbeats. */
const stepsAtOnce = 256;

/** Changes the states in place. */
export async function applyInWaves(network: Network, tracks: readonly Track[]): Promise<void> {
  const longestFirst = tracks.toSorted((one, other) => other.events.rows.length - one.events.rows.length);
  let steps = 0;
  for (let first = 0; first < longestFirst.length; first += usersAtOnce) {
    const few = longestFirst.slice(first, first + usersAtOnce);
    const waves = few[0]?.events.rows.length ?? 0;
    const wavesAtOnce = Math.floor(stepsAtOnce / few.length);
    for (let wave = 0; wave < waves; wave += wavesAtOnce) {
      network.run(few, wave, wave + wavesAtOnce);
      steps += few.length * Math.min(wavesAtOnce, waves - wave);
      if (steps < stepsAtOnce) continue;
      steps = 0;
      await setImmediate();
    }
  }
}
