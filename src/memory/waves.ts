/**
 * Applies many users' events together. Within a user order matters, between users it does not: wave n holds each user's n-th event,
 * so that every step of the network is made for many users at once. The result is the same, bit for bit, for any grouping.
 */
import { setImmediate } from 'node:timers/promises';
import type { Events } from '../model/events.js';
import type { Network } from '../model/network.js';
import type { UserState } from '../model/user-state.js';

/** A user's state, and the events that are to be applied to it, the oldest first. */
export interface Track {
  readonly state: UserState;
  readonly events: Events;
}

/** Steps between two looks at what else the process has to do: requests, heartbeats. */
const stepsAtOnce = 256;

/** Changes the states in place. */
export async function applyInWaves(network: Network, tracks: readonly Track[]): Promise<void> {
  const longestFirst = tracks.toSorted((one, other) => other.events.rows.length - one.events.rows.length);
  let steps = 0;
  for (let wave = 0; ; wave++) {
    const ended = longestFirst.findIndex(({ events }) => events.rows.length <= wave);
    const inWave = ended < 0 ? longestFirst : longestFirst.slice(0, ended);
    if (inWave.length === 0) return;
    for (let from = 0; from < inWave.length; from += stepsAtOnce) {
      const users = inWave.slice(from, from + stepsAtOnce);
      const { rows, ...context } = eventsAt(wave, users);
      network.step(
        users.map(({ state }) => state),
        rows,
        context,
      );
      steps += users.length;
      if (steps < stepsAtOnce) continue;
      steps = 0;
      await setImmediate();
    }
  }
}

/** The users' events of a wave. */
function eventsAt(wave: number, users: readonly Track[]): Events {
  const count = users.length;
  const [rows, kinds, gaps] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  for (const [user, { events }] of users.entries()) {
    rows[user] = events.rows[wave] ?? 0;
    kinds[user] = events.kinds[wave] ?? 0;
    gaps[user] = events.gaps[wave] ?? 0;
  }
  const isAnyPinned = users.some(({ events }) => events.pinned !== undefined);
  return {
    rows,
    kinds,
    gaps,
    pinned: isAnyPinned ? users.map(({ events }) => events.pinned?.[wave] ?? []) : undefined,
  };
}
