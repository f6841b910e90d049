/** Case S05: given items in an order, each once, and what became of the others. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deleteItems } from '../../src/storage/item.store.js';
import { eventually, promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

interface RankedView extends AnswerView {
  readonly leftOut: readonly { readonly itemId: string; readonly reason: string }[];
}
type Input = Readonly<Record<string, unknown>>;

const learned = ['a', 'b', 'c', 'd'];
const places = 'source fallbackReason modelVersion shortfall { missing cause } items { rank score source item { id } }';

describe('given items', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('rank_items_spec', { RECOLLECT_REFRESH_MS: '60000' });
    await putItems(api, [
      ...learned.map((id, place) => ({ id, categories: place % 2 === 0 ? ['red'] : ['blue'] })),
      { id: 'older', createdAt: '2026-01-01T00:00:00Z' },
      { id: 'newer', createdAt: '2026-01-02T00:00:00Z' },
      { id: 'counted', createdAt: '2025-01-01T00:00:00Z' },
      { id: 'hidden', available: false },
      { id: 'expired', expiresAt: '2026-01-01T00:00:00Z' },
    ]);
    await promoteRandom(api, learned);
    await track(api, [
      ...['a', 'b'].map((itemId) => ({ userId: 'u', itemId })),
      { userId: 'v', itemId: 'counted', kind: 'purchase' },
    ]);
  });
  afterAll(async () => api.stop());

  const ask = async (input: Input): Promise<Reply<{ rankItems: RankedView; recommendations: AnswerView }>> =>
    api.ask(
      `query($input: RankItemsInput!) { rankItems(input: $input) { ${places} leftOut { itemId reason } because { itemId } } }`,
      { input },
    );
  const rank = async (input: Input): Promise<RankedView> => {
    const { data, errors } = await ask(input);
    expect(errors).toEqual([]);
    return data.rankItems;
  };
  const idsOf = ({ items }: AnswerView) => items.map(({ item }) => item.id);

  it('are ranked once each, and the doubled and unknown ones are named', async () => {
    const { items, leftOut, shortfall } = await rank({ userId: 'u', itemIds: ['a', 'b', 'a', 'zz', 'b'] });
    expect(items.map(({ item }) => item.id).sort()).toEqual(['a', 'b']);
    expect(items.map((one) => one.rank)).toEqual([1, 2]);
    expect(leftOut).toEqual([
      { itemId: 'zz', reason: 'UNKNOWN' },
      { itemId: 'a', reason: 'REPEATED' },
      { itemId: 'b', reason: 'REPEATED' },
    ]);
    expect(shortfall).toEqual({ missing: 1, cause: 'CATALOGUE_EXHAUSTED' });
  });

  it('have the order and the scores that recommendations have', async () => {
    for (const who of [{ userId: 'u' }, { interactions: [{ itemId: 'c' }, { itemId: 'd' }] }]) {
      const { data } = await api.ask<{ recommendations: AnswerView }>(
        `query($input: RecommendationsInput!) { recommendations(input: $input) { ${places} } }`,
        { input: { ...who, first: 4, excludeSeen: false } },
      );
      const ranked = await rank({ ...who, itemIds: learned.toReversed() });
      expect(ranked.items).toEqual(data.recommendations.items);
      expect(ranked).toMatchObject({ shortfall: null, leftOut: [], source: data.recommendations.source });
      expect(ranked.because.length).toBeGreaterThan(0);
    }
  });

  it('that nobody scores come behind, the popular first and then the newest', async () => {
    await eventually(async () => {
      const { items } = await rank({ userId: 'u', itemIds: ['older', 'a', 'counted', 'newer', 'b'] });
      expect(items.slice(2).map(({ item, source }) => [item.id, source])).toEqual([
        ['counted', 'POPULAR'],
        ['newer', 'LATEST'],
        ['older', 'LATEST'],
      ]);
      expect(items[0]?.source).toBe('MEMORY');
    });
  });

  it('of an unknown user are ranked too', async () => {
    const answer = await rank({ userId: 'nobody', itemIds: ['older', 'counted', 'newer'] });
    expect(idsOf(answer)).toEqual(['counted', 'newer', 'older']);
    expect(answer).toMatchObject({ source: 'POPULAR', fallbackReason: 'UNKNOWN_USER', modelVersion: null });
  });

  it('have no place for a reason that is named', async () => {
    const itemIds = [...learned, 'hidden', 'expired', 'older', 'zz'];
    const input = { userId: 'u', filter: { categories: { exists: true } }, blockedItemIds: ['d'], excludeSeen: true };
    const { items, leftOut, shortfall } = await rank({ itemIds, ...input });
    expect(items.map(({ item }) => item.id)).toEqual(['c']);
    expect(Object.fromEntries(leftOut.map(({ itemId, reason }) => [itemId, reason]))).toEqual({
      ...{ a: 'SEEN', b: 'SEEN', d: 'BLOCKED', older: 'FILTER' },
      ...{ hidden: 'NOT_AVAILABLE', expired: 'NOT_AVAILABLE', zz: 'UNKNOWN' },
    });
    expect(shortfall).toEqual({ missing: 7, cause: 'SEEN' });
  });

  it('that were seen are left out of a visitor too where that is asked', async () => {
    const who = { interactions: [{ itemId: 'a' }], itemIds: ['a', 'b'] };
    expect(idsOf(await rank(who)).sort()).toEqual(['a', 'b']);
    const without = await rank({ ...who, excludeSeen: true });
    expect([idsOf(without), without.leftOut]).toEqual([['b'], [{ itemId: 'a', reason: 'SEEN' }]]);
  });

  it('are let pass by a filter as everywhere', async () => {
    const table: readonly (readonly [filter: object, ids: readonly string[]])[] = [
      [{}, learned],
      [{ ids: { in: [] } }, []],
      [{ not: { ids: { in: [] } } }, learned],
      [{ or: [] }, []],
      [{ and: [] }, learned],
      [{ or: [{ ids: { in: [] } }, {}] }, learned],
      [{ categories: { in: ['red', 'red'] } }, ['a', 'c']],
      [{ and: [{ categories: { in: ['red'] } }, { categories: { in: ['blue'] } }] }, []],
    ];
    for (const [filter, ids] of table) {
      const answer = await rank({ userId: 'u', itemIds: learned, filter });
      expect([filter, idsOf(answer).sort()]).toEqual([filter, ids]);
      const missing = learned.length - ids.length;
      expect(answer.shortfall).toEqual(missing === 0 ? null : { missing, cause: 'FILTER' });
    }
  });

  it('that another process deleted a moment ago have no place', async () => {
    await putItems(api, ['gone']);
    expect(idsOf(await rank({ userId: 'u', itemIds: ['gone'] }))).toEqual(['gone']);
    await deleteItems(api.dataSource.manager, ['gone']);
    expect(await rank({ userId: 'u', itemIds: ['gone'] })).toMatchObject({
      items: [],
      leftOut: [{ itemId: 'gone', reason: 'UNKNOWN' }],
    });
  });

  it('may be none, and not too many', async () => {
    expect(await rank({ userId: 'u', itemIds: [] })).toMatchObject({ items: [], leftOut: [], shortfall: null });
    const thousand = Array.from({ length: 1_000 }, (_, place) => `x${place}`);
    expect((await rank({ userId: 'u', itemIds: thousand })).leftOut).toHaveLength(1_000);
    const refused: readonly (readonly [Input, RegExp])[] = [
      [{ userId: 'u', itemIds: Array.from({ length: 10_000 }, String) }, /^itemIds: has 10000 entries; at most 1000/],
      [{ userId: 'u', itemIds: ['a', ''] }, /^itemIds\[1\]/],
      [{ itemIds: ['a'] }, /give either userId or interactions/],
      [{ userId: 'u', interactions: [], itemIds: ['a'] }, /give either userId or interactions/],
    ];
    for (const [input, message] of refused) {
      const { status, errors } = await ask(input);
      expect([status, errors[0]?.extensions.code]).toEqual([200, 'BAD_INPUT']);
      expect(errors[0]?.message).toMatch(message);
    }
  });
});
