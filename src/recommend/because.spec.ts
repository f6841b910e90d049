import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint, type RandomOptions } from '../../test/random-checkpoint.js';
import { Network } from '../model/network.js';
import { because } from './because.js';

const history = ['a', 'b', 'a', 'c'].map((itemId, day) => ({
  itemId,
  kind: day % 2 === 0 ? 'view' : 'buy',
  occurredAt: new Date(Date.UTC(2026, 0, 1 + day)),
}));
const networkOf = (options: RandomOptions): Network => new Network(randomCheckpoint(['a', 'b', 'c'], options));

describe('because', () => {
  it('replays kinds and gaps as they were, and gives the shares of all heads, at most one together', async () => {
    const network = networkOf({ heads: 4, slots: 3, kinds: ['view', 'buy'], gaps: 5 });
    const { rows, ...context } = network.eventsOf(history);
    const { state, gates } = network.trace(rows, context);
    const shares = network.attribution(gates, network.attention(state));
    const reasons = await because(network, history);
    expect(reasons.map(({ attention }) => attention)).toEqual([...shares].sort((a, b) => b - a));
    const total = shares.reduce((sum, share) => sum + share, 0);
    expect(total).toBeGreaterThan(0.5);
    expect(total).toBeLessThan(1);
  });

  it('of a network without slots has the newest first, and gives none of them a share', async () => {
    const reasons = await because(networkOf({ slots: 0 }), history);
    expect(reasons.map(({ itemId, attention }) => [itemId, attention])).toEqual([
      ['c', 0],
      ['a', 0],
      ['b', 0],
      ['a', 0],
    ]);
  });
});
