import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint, type RandomOptions } from '../../test/random-checkpoint.js';
import { Network } from '../model/network.js';
import { because, mostAsked } from './because.js';

const items = ['a', 'b', 'c', 'd', 'e'];
const past = (itemIds: readonly string[]) =>
  itemIds.map((itemId, day) => ({
    id: `interaction ${day}`,
    itemId,
    kind: day % 2 === 0 ? 'view' : 'buy',
    occurredAt: new Date(Date.UTC(2026, 0, 1) + 1000 * 4 ** (day % 12) + 86_400_000 * day), // gaps of many sizes
  }));
const history = past(['a', 'b', 'a', 'c']);
const networkOf = (options: RandomOptions): Network => new Network(randomCheckpoint(items, options));
const looking = { heads: 4, slots: 3, kinds: ['view', 'buy'], gaps: 24 };

describe('because', () => {
  it('replays kinds and gaps as they were, and gives the shares of all heads, at most one together', async () => {
    const network = networkOf(looking);
    const { rows, ...context } = network.eventsOf(history);
    const { state, gates } = network.trace(rows, context);
    const shares = network.attribution(gates, network.attention(state));
    const attention = new Map((await because(network, null, history)).of(['d']).map((one) => [one.id, one.attention]));
    expect(history.map(({ id }) => attention.get(id))).toEqual([...shares]);
    const total = shares.reduce((sum, share) => sum + share, 0);
    expect(total).toBeGreaterThan(0.5);
    expect(total).toBeLessThan(1);
  });

  it('gives each the influence that a replay without it has on the score, the largest first', async () => {
    const network = networkOf(looking);
    const scoreOf = (sequence: typeof history): number => {
      const { rows, ...context } = network.eventsOf(sequence);
      return network.scores(network.trace(rows, context).state)[network.vocabulary.rowOf('d') - 1] ?? NaN;
    };
    const reasons = (await because(network, null, history)).of(['d']);
    const expected = history
      .map(({ id }) => ({ id, influence: scoreOf(history) - scoreOf(history.filter((one) => one.id !== id)) }))
      .sort((one, other) => other.influence - one.influence);
    expect(reasons.map(({ id, influence }) => ({ id, influence }))).toEqual(expected);
    expect(new Set(expected.map(({ influence }) => influence)).size).toBe(history.length);
  });

  it('of several items gives the mean over them, and null where none of them has a score', async () => {
    const network = networkOf(looking);
    const reasons = await because(network, null, history);
    const influence = (itemIds: readonly string[]) =>
      new Map(reasons.of(itemIds).map((one) => [one.id, one.influence ?? NaN]));
    const [d, e, both] = [influence(['d']), influence(['e']), influence(['d', 'e', 'nowhere'])];
    for (const { id } of history) expect(both.get(id)).toBeCloseTo(((d.get(id) ?? NaN) + (e.get(id) ?? NaN)) / 2, 10);
    for (const one of [...reasons.of([]), ...reasons.of(['nowhere'])]) expect(one.influence).toBeNull();
    const attended = reasons.of([]).map(({ attention }) => attention);
    expect(attended).toEqual(attended.toSorted((one, other) => other - one));
  });

  it('asks the newest and the most attended of a long history, and names the others behind them', async () => {
    const network = networkOf({ slots: 2 });
    const long = past(Array.from({ length: 200 }, (_, n) => items[n % 4] ?? ''));
    const reasons = (await because(network, null, long)).of(['e']);
    expect(reasons).toHaveLength(200);
    const asked = reasons.filter(({ influence }) => influence !== null);
    expect(reasons.slice(0, mostAsked)).toEqual(asked);
    expect(asked).toHaveLength(mostAsked);
    const ids = new Set(asked.map(({ id }) => id));
    for (const { id } of long.slice(-10)) expect(ids).toContain(id);
    const attentionOf = (isAsked: boolean): readonly number[] =>
      reasons
        .flatMap(({ influence, attention }) => ((influence !== null) === isAsked ? [attention] : []))
        .sort((a, b) => b - a);
    expect(attentionOf(true)[mostAsked - 11]).toBeGreaterThanOrEqual(attentionOf(false)[0] ?? NaN);
  });

  it('of a network without slots gives none of them a share, and the influence of all the same', async () => {
    const reasons = (await because(networkOf({ slots: 0 }), null, history)).of(['d']);
    expect(reasons.map(({ attention }) => attention)).toEqual([0, 0, 0, 0]);
    for (const { influence } of reasons) expect(influence).not.toBe(0);
    const unasked = (await because(networkOf({ slots: 0 }), null, history)).of([]);
    expect(unasked.map(({ itemId }) => itemId)).toEqual(['c', 'a', 'b', 'a']);
  });
});
