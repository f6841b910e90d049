/** Case S07 for items: pages over equal times, and a cursor whose row goes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putItems as storeItems } from '../../src/storage/item.store.js';
import { putItems, startApi, type Reply, type RunningApi } from './running-api.js';
import type { ConnectionView, ItemView } from './views.js';

interface Page {
  readonly items: ConnectionView<ItemView>;
}
type Input = Readonly<Record<string, unknown>>;

/** one with more digits than a number of 64 bits has */
const ids = [...Array.from({ length: 24 }, (_, place) => `i${place}`), '653247040368672771000'];

describe('the list of items', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('item_list_spec', { RECOLLECT_REFRESH_MS: '60000' });
  });
  afterAll(async () => api.stop());

  const ask = async (variables: Input): Promise<Reply<Page>> =>
    api.ask(
      `query($first: Int, $after: String, $filter: ItemFilter) { items(first: $first, after: $after, filter: $filter) {
         edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      variables,
    );
  const page = async (variables: Input): Promise<Page['items']> => {
    const { data, errors } = await ask(variables);
    expect(errors).toEqual([]);
    return data.items;
  };
  const idsOf = ({ edges }: Page['items']) => edges.map(({ node }) => node.id);

  for (const [way, filter] of [
    ['of all items', undefined],
    ['of a filter', { categories: { eq: 'listed' } }],
  ] as const) {
    it(`${way} has each of equal times once, though the item of a cursor goes`, async () => {
      await putItems(
        api,
        ids.map((id) => ({ id, categories: ['listed'] })),
      ); // one statement: one time
      const first = await page({ first: 10, filter });
      expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
      const last = idsOf(first).at(-1);
      await api.ask('mutation($ids: [ID!]!) { deleteItems(input: { ids: $ids }) { deleted } }', { ids: [last] });
      const second = await page({ first: 10, filter, after: first.pageInfo.endCursor });
      const third = await page({ first: 10, filter, after: second.pageInfo.endCursor });
      expect([second, third].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, false]);
      const all = [first, second, third].map(idsOf);
      expect(all.map(({ length }) => length)).toEqual([10, 10, 5]);
      expect(all.flat().sort()).toEqual(ids.toSorted());
      await api.ask('mutation($ids: [ID!]!) { deleteItems(input: { ids: $ids }) { deleted } }', { ids });
    });
  }

  it('is that of a filter as everywhere, the newest first', async () => {
    await putItems(api, [
      { id: 'a', categories: ['a', 'red'], createdAt: '2026-01-01T00:00:00Z' },
      { id: 'b', categories: ['b', 'red', 'a'], createdAt: '2026-01-02T00:00:00Z' },
      { id: 'c', categories: ['b'], createdAt: '2026-01-03T00:00:00Z' },
      { id: 'hidden', categories: ['red'], available: false },
    ]);
    const all = ['c', 'b', 'a'];
    const table: readonly (readonly [filter: object, found: readonly string[]])[] = [
      [{}, all],
      [{ ids: { in: [] } }, []],
      [{ not: { ids: { in: [] } } }, all],
      [{ or: [] }, []],
      [{ and: [] }, all],
      [{ or: [{ ids: { in: [] } }, {}] }, all],
      [{ categories: { in: ['red', 'red'] } }, ['b', 'a']],
      [{ and: [{ categories: { in: ['a'] } }, { categories: { in: ['b'] } }] }, ['b']],
    ];
    for (const [filter, found] of table) expect([filter, idsOf(await page({ filter }))]).toEqual([filter, found]);
  });

  it('fills a page up where another process hid or changed what it knew', async () => {
    const of = { title: null, properties: {}, vector: null, createdAt: null, expiresAt: null };
    await storeItems(api.dataSource.manager, [
      { ...of, id: 'b', categories: ['red'], available: false },
      { ...of, id: 'c', categories: ['blue'], available: true },
    ]);
    const filter = { not: { categories: { eq: 'blue' } } };
    const { edges, pageInfo } = await page({ first: 1, filter });
    expect([edges.map(({ node }) => node.id), pageInfo.hasNextPage]).toEqual([['a'], false]);
    expect(idsOf(await page({ first: 2 }))).toEqual(['c', 'a']);
  });

  it('refuses what is no page of it', async () => {
    const forged = Buffer.from(JSON.stringify(['2026-01-01T00:00:00Z', 'a\0'])).toString('base64url');
    for (const wrong of [
      { first: -1 },
      { first: 0 },
      { first: 1e9 },
      { after: 'x' },
      { after: forged },
      { filter: null },
    ]) {
      const { status, errors } = await ask({ first: 1, ...wrong });
      expect([wrong, status, errors[0]?.extensions.code]).toEqual([wrong, 200, 'BAD_INPUT']);
    }
  });
});
