import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, statementsOf, type Reply, type RunningApi } from './running-api.js';
import type { ErrorView } from './views.js';

interface Put {
  readonly putItems: { readonly written: number; readonly userErrors: readonly ErrorView[] };
}
interface Deleted {
  readonly deleteItems: { readonly deleted: number; readonly userErrors: readonly ErrorView[] };
}

describe('items', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('items_spec');
  });
  afterAll(async () => api.stop());

  const put = async (...items: readonly Readonly<Record<string, unknown>>[]): Promise<Reply<Put>> =>
    api.ask(
      'mutation($items: [ItemInput!]!) { putItems(input: { items: $items }) { written userErrors { code field message } } }',
      {
        items,
      },
    );
  const remove = async (...ids: readonly string[]): Promise<Reply<Deleted>> =>
    api.ask('mutation($ids: [ID!]!) { deleteItems(input: { ids: $ids }) { deleted userErrors { code field } } }', {
      ids,
    });
  const itemOf = async (id: string): Promise<unknown> => {
    const query = 'query($id: ID!) { item(id: $id) { id title categories properties available createdAt expiresAt } }';
    return (await api.ask<{ item: unknown }>(query, { id })).data.item;
  };

  it('are read as they were put', async () => {
    const lamp = {
      ...{ id: 'lamp', title: 'Lamp', categories: ['light'], properties: { color: 'red', price: 9 } },
      ...{ available: false, createdAt: '2026-01-01T00:00:00Z', expiresAt: '2030-01-01T00:00:00+01:00' },
    };
    expect((await put(lamp)).data.putItems).toEqual({ written: 1, userErrors: [] });
    expect(await itemOf('lamp')).toEqual({
      ...lamp,
      createdAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2029-12-31T23:00:00.000Z',
    });
  });

  it('of an empty list are none, of a list that is not there it is not said which', async () => {
    const before: unknown = await api.dataSource.query('SELECT * FROM item');
    expect((await remove()).data.deleteItems).toEqual({ deleted: 0, userErrors: [] });
    for (const variables of [{}, { ids: null }]) {
      const { errors } = await api.ask(
        'mutation($ids: [ID!]!) { deleteItems(input: { ids: $ids }) { deleted } }',
        variables,
      );
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    }
    expect(await api.dataSource.query('SELECT * FROM item')).toEqual(before);
  });

  it('are replaced as a whole', async () => {
    await put({ id: 'lamp', title: 'Lamp 2' });
    expect(await itemOf('lamp')).toEqual({
      ...{ id: 'lamp', title: 'Lamp 2', categories: [], properties: {}, available: true, expiresAt: null },
      createdAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('are judged one by one; of two with one id the later stays', async () => {
    const { data } = await put(
      { id: 'one', title: 'first' },
      { id: 'one', title: 'second' },
      { id: 'bad', expiresAt: 'tomorrow' },
      { id: ' ' },
    );
    expect(data.putItems).toMatchObject({
      written: 1,
      userErrors: [
        { code: 'INVALID_TIME', field: 'items[2].expiresAt' },
        { code: 'INVALID_ID', field: 'items[3].id' },
      ],
    });
    expect(await itemOf('one')).toMatchObject({ title: 'second' });
    expect(await itemOf('bad')).toBeNull();
  });

  it('of two aliases of one request are put in their order', async () => {
    const { data } = await api.ask(
      'mutation { a: putItems(input: { items: [{ id: "x", title: "a" }] }) { written } b: putItems(input: { items: [{ id: "x", title: "b" }] }) { written } }',
    );
    expect(data).toEqual({ a: { written: 1 }, b: { written: 1 } });
    expect(await itemOf('x')).toMatchObject({ title: 'b' });
  });

  it('are deleted once, and not by an empty list', async () => {
    await put({ id: 'gone' });
    expect((await remove()).data.deleteItems).toEqual({ deleted: 0, userErrors: [] });
    expect((await remove('gone', 'never', 'gone')).data.deleteItems).toEqual({
      deleted: 1,
      userErrors: [{ code: 'NOT_FOUND', field: 'ids[1]' }],
    });
    expect(await itemOf('gone')).toBeNull();
    expect((await remove('gone')).data.deleteItems).toMatchObject({ deleted: 0, userErrors: [{ code: 'NOT_FOUND' }] });
    await put({ id: 'gone', title: 'back' });
    expect(await itemOf('gone')).toMatchObject({ title: 'back' });
  });

  it('of one request are a thousand at most', async () => {
    const items = Array.from({ length: 1_001 }, (_, n) => ({ id: `many-${n}` }));
    const tooMany = [await put(...items), await remove(...items.map(({ id }) => id))];
    for (const { errors } of tooMany) {
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/at most 1000/), extensions: { code: 'BAD_INPUT' } },
      ]);
    }
    expect((await put(...items.slice(1))).data.putItems).toEqual({ written: 1_000, userErrors: [] });
  });

  it('that are asked for side by side are loaded by one statement', async () => {
    const query = '{ a: item(id: "one") { id } b: item(id: "x") { id } c: item(id: "lamp") { id } }';
    const statements = await statementsOf(api, async () => api.ask(query));
    expect(statements.filter((statement) => statement.includes('FROM item i WHERE i.id = ANY'))).toHaveLength(1);
  });
});
