/** Cases S01 and S09: what a filter, a list of blocked items and seen items let into an answer, on every path. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putItems as storeItems } from '../../src/storage/item.store.js';
import { promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const catalogue = [
  { id: 'a', categories: ['a', 'red'], properties: { price: 5 }, createdAt: '2026-01-01T00:00:00Z' },
  { id: 'b', categories: ['b', 'red', 'a'], properties: { price: 50 }, createdAt: '2026-01-02T00:00:00Z' },
  { id: 'c', categories: ['b'], properties: { brand: 'k' }, createdAt: '2026-01-03T00:00:00Z' },
  { id: 'd', categories: [], properties: {}, createdAt: '2026-01-04T00:00:00Z' },
];
const all = catalogue.map(({ id }) => id);
type Input = Readonly<Record<string, unknown>>;
const paths: Readonly<Record<string, readonly [query: string, input: Input]>> = {
  memory: ['recommendations', { userId: 'u', excludeSeen: false }],
  session: ['recommendations', { interactions: [{ itemId: 'd' }], excludeSeen: false }],
  fallback: ['recommendations', { userId: 'nobody' }],
  similar: ['similarItems', { itemId: 'elsewhere' }],
  near: ['similarItems', { itemId: 'd' }],
  popular: ['popularItems', {}],
};

describe('a filter', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('filters_spec', { RECOLLECT_REFRESH_MS: '60000' });
    await putItems(api, catalogue);
    await promoteRandom(api, all);
    await track(
      api,
      all.map((itemId) => ({ userId: 'u', itemId })),
    );
  });
  afterAll(async () => api.stop());

  const answer = async (path: string, more: Input): Promise<AnswerView> => {
    const [query, input] = paths[path] ?? ['', {}];
    const name = `${query.charAt(0).toUpperCase()}${query.slice(1)}Input`;
    const { data, errors } = await api.ask<{ answer: AnswerView }>(
      `query($input: ${name}!) { answer: ${query}(input: $input) { source shortfall { missing cause } items { item { id } } } }`,
      { input: { first: 10, ...input, ...more } },
    );
    expect(errors).toEqual([]);
    return data.answer;
  };
  const idsOf = ({ items }: AnswerView) => items.map(({ item }) => item.id).sort();
  const error = async (more: Input) => {
    const { errors, status } = await api.ask(
      'query($input: RecommendationsInput!) { recommendations(input: $input) { id } }',
      { input: { userId: 'u', ...more } },
    );
    return { status, code: errors[0]?.extensions.code, message: errors[0]?.message ?? '' };
  };

  const table: readonly (readonly [filter: object, ids: readonly string[]])[] = [
    [{}, all],
    [{ ids: { in: [] } }, []],
    [{ not: { ids: { in: [] } } }, all],
    [{ or: [] }, []],
    [{ and: [] }, all],
    [{ or: [{ ids: { in: [] } }, {}] }, all],
    [{ categories: { in: ['red', 'red'] } }, ['a', 'b']],
    [{ and: [{ categories: { in: ['a'] } }, { categories: { in: ['b'] } }] }, ['b']],
    [{ price: { range: { gte: 5, lt: 50 } } }, ['a']],
    [{ properties: [{ name: 'brand', eq: 'k' }] }, ['c']],
    [{ createdAt: { gt: '2026-01-02T00:00:00Z' }, not: { ids: { eq: 'd' } } }, ['c']],
  ];
  it.each(Object.keys(paths))('means the same by %s', async (path) => {
    for (const [filter, ids] of table) {
      const expected = path === 'near' ? ids.filter((id) => id !== 'd') : ids;
      const found = await answer(path, { filter });
      expect([filter, idsOf(found)]).toEqual([filter, expected]);
      if (ids.length < all.length) {
        expect([filter, found.shortfall]).toEqual([filter, { missing: 10 - expected.length, cause: 'FILTER' }]);
      }
    }
  });

  it.each(Object.keys(paths))('and blocked items hold together by %s', async (path) => {
    const found = await answer(path, { filter: { categories: { in: ['a', 'b'] } }, blockedItemIds: ['a', 'unknown'] });
    expect(idsOf(found)).toEqual(['b', 'c']);
    expect(found.shortfall?.cause).toBe('FILTER');
  });

  it('looks at the items as they are now, whatever this process knows of them', async () => {
    const { title = null, vector = null, expiresAt = null } = {};
    const moved = { ...{ id: 'a', title, vector, expiresAt }, categories: ['blue'], properties: {} };
    await storeItems(api.dataSource.manager, [{ ...moved, available: true, createdAt: null }]);
    for (const path of Object.keys(paths)) {
      const found = await answer(path, { filter: { categories: { eq: 'red' } } });
      expect([path, idsOf(found)]).toEqual([path, ['b']]);
    }
    await putItems(api, catalogue.slice(0, 1));
    expect(idsOf(await answer('memory', { filter: { categories: { eq: 'red' } } }))).toEqual(['a', 'b']);
  });

  it('follows an item whose categories and properties change', async () => {
    const filter = { categories: { eq: 'x' }, price: { exists: true } };
    expect(idsOf(await answer('memory', { filter }))).toEqual([]);
    await putItems(api, [{ ...catalogue[3], categories: ['x'], properties: { price: 1 } }]);
    expect(idsOf(await answer('memory', { filter }))).toEqual(['d']);
    await putItems(api, [catalogue[3] ?? {}]);
    expect(idsOf(await answer('memory', { filter }))).toEqual([]);
  });

  it.each<[string, Input, RegExp]>([
    ['null for a filter', { filter: null }, /^filter: is null/],
    ['null in a filter', { filter: { ids: { in: null } } }, /ids\.in: is null/],
    ['bounds that cross', { filter: { price: { range: { gt: 2, lt: 1 } } } }, /contradicts/],
    ['what is seen, of nothing seen', { excludeSeen: false, seen: { withinDays: 3 } }, /^seen: /],
    ['a kind that is not', { seen: { kinds: ['glance'] } }, /seen\.kinds\[0\]/],
    ['days that are none', { seen: { withinDays: 0 } }, /seen\.withinDays/],
    ['an id that none can have', { blockedItemIds: ['a', ''] }, /blockedItemIds\[1\]/],
    ['too many blocked items', { blockedItemIds: Array.from({ length: 10_001 }, String) }, /at most 10000/],
  ])('refuses %s', async (_, more, message) => {
    expect(await error(more)).toEqual({ status: 200, code: 'BAD_INPUT', message: expect.stringMatching(message) });
  });
});

describe('what was seen', () => {
  let api: RunningApi;
  const items = ['p1', 'c1', 'x', 'y', 'z', ...Array.from({ length: 40 }, (_, place) => `v${place}`)];
  const years = 5 * 365 * 86_400_000;
  beforeAll(async () => {
    api = await startApi('seen_spec');
    await putItems(api, items);
    await promoteRandom(api, items);
    const now = Date.now();
    const at = (before: number) => new Date(now - before).toISOString();
    await track(api, [{ id: 'bought', userId: 'u', itemId: 'p1', kind: 'purchase', occurredAt: at(years) }]);
    for (let part = 0; part < 5; part++) {
      const views = Array.from({ length: 1_000 }, (_, place) => ({
        ...{ userId: 'u', itemId: `v${place % 40}`, occurredAt: at((5_000 - part * 1_000 - place) * 60_000) },
      }));
      await track(api, views);
    }
    await track(api, [{ userId: 'u', itemId: 'c1', kind: 'cart', occurredAt: at(1_000) }]);
  });
  afterAll(async () => api.stop());

  const answer = async (seen: Input | null): Promise<AnswerView> => {
    const { data } = await api.ask<{ answer: AnswerView }>(
      `query($input: RecommendationsInput!) { answer: recommendations(input: $input) { shortfall { missing cause } items { item { id } } } }`,
      { input: { userId: 'u', first: 50, ...(seen === null ? {} : { seen }) } },
    );
    return data.answer;
  };
  const left = ({ items: placed }: AnswerView): readonly string[] => {
    const ids = new Set(placed.map(({ item }) => item.id));
    return items.filter((id) => !ids.has(id));
  };

  it('is bought for good, and what was viewed may come', async () => {
    expect(left(await answer({ kinds: ['purchase'] }))).toEqual(['p1']);
  });

  it('is no more bought once the time is over', async () => {
    expect(left(await answer({ kinds: ['purchase'], withinDays: 30 }))).toEqual([]);
  });

  it('is what lies in the cart', async () => {
    expect(left(await answer({ kinds: ['cart'] }))).toEqual(['c1']);
  });

  it('leaves three items and says why there are no more', async () => {
    const found = await answer(null);
    expect(found.items.map(({ item }) => item.id).sort()).toEqual(['x', 'y', 'z']);
    expect(found.shortfall).toEqual({ missing: 47, cause: 'SEEN' });
  });

  it('is not seen any more once it is forgotten', async () => {
    const forget = 'mutation { forgetInteractions(input: { userId: "u", ids: ["bought"] }) { forgotten } }';
    await api.ask(forget, undefined, await api.newKey(['privacy']));
    expect(left(await answer({ kinds: ['purchase'] }))).toEqual([]);
  });

  it('is of a list of a visitor what he did in that time', async () => {
    const { data } = await api.ask<{ answer: AnswerView }>(
      `query($input: RecommendationsInput!) { answer: recommendations(input: $input) { items { item { id } } } }`,
      {
        input: {
          interactions: [
            { itemId: 'x', kind: 'purchase', occurredAt: new Date(Date.now() - 90 * 86_400_000).toISOString() },
            { itemId: 'y', kind: 'purchase', occurredAt: new Date().toISOString() },
            { itemId: 'z', kind: 'view' },
          ],
          ...{ first: 50, seen: { kinds: ['purchase'], withinDays: 30 } },
        },
      },
    );
    expect(left(data.answer)).toEqual(['y']);
  });
});
