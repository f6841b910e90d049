import { describe, expect, it } from '@jest/globals';
import { Network } from '../model/network.js';
import { emptyState, encodeState } from '../model/user-state.js';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { applyInWaves } from './waves.js';

const network = new Network(
  randomCheckpoint(
    Array.from({ length: 20 }, (_, n) => `item ${n}`),
    { kinds: ['view', 'buy'], gaps: 4 },
  ),
);

describe('waves', () => {
  it('give each user what one step after the other gives', async () => {
    const sequences = Array.from({ length: 600 }, (_, user) =>
      Array.from({ length: (user * 7) % 11 }, (__, n) => (user * 31 + n * 17) % 21),
    );
    const tracks = sequences.map((rows, user) => ({
      state: emptyState(network.dimensions),
      events: {
        rows: Int32Array.from(rows),
        kinds: Int32Array.from(rows, (row) => row % 3),
        gaps: Int32Array.from(rows, (row) => row % 5),
        pinned: user % 3 === 0 ? rows.map((row) => [[], [1], [0, 1]][row % 3] ?? []) : undefined,
      },
    }));
    await applyInWaves(network, tracks);
    for (const { state, events } of tracks) {
      expect(encodeState(state)).toEqual(encodeState(network.trace(events.rows, events).state));
    }
  });

  it('do nothing for nobody', async () => {
    await expect(applyInWaves(network, [])).resolves.toBeUndefined();
  });
});
