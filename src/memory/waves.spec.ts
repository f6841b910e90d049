import { describe, expect, it } from '@jest/globals';
import type { Track } from '../model/events.js';
import { Network } from '../model/network.js';
import { emptyState, encodeState } from '../model/user-state.js';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { applyInWaves } from './waves.js';

const checkpoint = randomCheckpoint(
  Array.from({ length: 20 }, (_, n) => `item ${n}`),
  { kinds: ['view', 'buy'], gaps: 4 },
);

/** 600 users with up to 29 events each, in no order; of every third one some slots are pinned where that is asked for. */
function tracksOf(network: Network, isPinned: boolean): readonly Track[] {
  return Array.from({ length: 600 }, (_, user) => {
    const rows = Array.from({ length: (user * 7) % 30 }, (__, n) => (user * 31 + n * 17) % 21);
    return {
      state: emptyState(network.dimensions),
      events: {
        rows: Int32Array.from(rows),
        kinds: Int32Array.from(rows, (row) => row % 3),
        gaps: Int32Array.from(rows, (row) => row % 5),
        pinned: isPinned && user % 3 === 0 ? rows.map((row) => [[], [1], [0, 1]][row % 3] ?? []) : undefined,
      },
    };
  });
}

describe('waves', () => {
  it.each([
    ['by the kernel', true, false],
    ['by the kernel, with pinned slots', true, true],
    ['plainly', false, false],
  ])('give each user what one step after the other gives, %s', async (_, simd, isPinned) => {
    const network = new Network(checkpoint, { simd });
    const tracks = tracksOf(network, isPinned);
    await applyInWaves(network, tracks);
    const reference = new Network(checkpoint);
    for (const { state, events } of tracks) {
      expect(encodeState(state)).toEqual(encodeState(reference.trace(events.rows, events).state));
    }
  });

  it('go on from states that are not empty', async () => {
    const network = new Network(checkpoint);
    const [tracks, again] = [tracksOf(network, false), tracksOf(network, false)];
    await applyInWaves(network, tracks);
    await applyInWaves(
      network,
      again.map(({ events }, user) => ({ state: (tracks[user] as Track).state, events })),
    );
    for (const { state, events } of tracks.slice(0, 60)) {
      const twice = (indices: Int32Array): Int32Array => Int32Array.from([...indices, ...indices]);
      const context = { kinds: twice(events.kinds), gaps: twice(events.gaps) };
      expect(encodeState(state)).toEqual(encodeState(network.trace(twice(events.rows), context).state));
    }
  });

  it('change nothing of a few users where an item is outside of the table', async () => {
    const network = new Network(checkpoint);
    const state = emptyState(network.dimensions);
    const events = { rows: Int32Array.of(1, 99), kinds: new Int32Array(2), gaps: new Int32Array(2) };
    await expect(applyInWaves(network, [{ state, events }])).rejects.toThrow(RangeError);
    expect(state).toEqual(emptyState(network.dimensions));
  });

  it('do nothing for nobody', async () => {
    await expect(applyInWaves(new Network(checkpoint), [])).resolves.toBeUndefined();
  });
});
