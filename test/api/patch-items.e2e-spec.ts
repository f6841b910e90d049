/** Case S03: what is left out stays, null empties; a put replaces all. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { putItems, startApi, type RunningApi } from './running-api.js';
import type { ErrorView } from './views.js';

const lamp = {
  ...{ id: 'p', title: 'Lamp', categories: ['light'], properties: { color: 'red', price: 9 }, available: true },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2040-01-01T00:00:00.000Z' },
};

describe('patchItems', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('patch_spec');
  });
  beforeEach(async () => putItems(api, [lamp]));
  afterAll(async () => api.stop());

  const patch = async (items: readonly object[]) => {
    const { data, errors } = await api.ask<{ patchItems: { patched: number; userErrors: readonly ErrorView[] } }>(
      'mutation($items: [ItemPatch!]!) { patchItems(input: { items: $items }) { patched userErrors { code field message } } }',
      { items },
    );
    expect(errors).toEqual([]);
    return data.patchItems;
  };
  const itemOf = async (id = 'p') =>
    (
      await api.ask<{ item: unknown }>(
        'query($id: ID!) { item(id: $id) { id title categories properties available createdAt expiresAt } }',
        { id },
      )
    ).data.item;

  it.each<[string, object, object]>([
    ['changes nothing that is left out', {}, {}],
    ['clears a title', { title: null }, { title: null }],
    ['takes a property out and leaves the others', { properties: { color: null } }, { properties: { price: 9 } }],
    ['adds a property', { properties: { size: 3 } }, { properties: { color: 'red', price: 9, size: 3 } }],
    ['takes all properties out', { properties: null }, { properties: {} }],
    ['takes all categories out', { categories: [] }, { categories: [] }],
    ['lets it never expire', { expiresAt: null }, { expiresAt: null }],
    ['hides it', { available: false }, { available: false }],
    ['keeps when it was made', { createdAt: null }, {}],
  ])('%s', async (_, change, changed) => {
    expect(await patch([{ id: 'p', ...change }])).toEqual({ patched: 1, userErrors: [] });
    expect(await itemOf()).toEqual({ ...lamp, ...changed });
  });

  it('takes a variable that is not set as left out', async () => {
    const { errors } = await api.ask(
      'mutation($t: String) { patchItems(input: { items: [{ id: "p", title: $t }] }) { patched } }',
    );
    expect(errors).toEqual([]);
    expect(await itemOf()).toEqual(lamp);
  });

  it('is not a put, which replaces all', async () => {
    await putItems(api, [{ id: 'p', title: 'Lamp 2' }]);
    expect(await itemOf()).toEqual({ ...lamp, title: 'Lamp 2', categories: [], properties: {}, expiresAt: null });
  });

  it('makes what is right beside what is not, in the order given', async () => {
    const { patched, userErrors } = await patch([
      { id: 'p', title: 'One' },
      { id: 'nowhere', title: 'x' },
      { id: 'p', expiresAt: 'tomorrow' },
      { id: 'p', properties: { price: 10 } },
    ]);
    expect(patched).toBe(1);
    expect(userErrors).toMatchObject([
      { code: 'NOT_FOUND', field: 'items[1].id' },
      { code: 'INVALID_TIME', field: 'items[2].expiresAt' },
    ]);
    expect(await itemOf()).toEqual({ ...lamp, title: 'One', properties: { color: 'red', price: 10 } });
  });

  it('loses none of two changes at once', async () => {
    const names = Array.from({ length: 20 }, (_, place) => `n${place}`);
    await Promise.all(names.map(async (name) => patch([{ id: 'p', properties: { [name]: 1 } }])));
    const all = { ...lamp.properties, ...Object.fromEntries(names.map((name) => [name, 1])) };
    expect(await itemOf()).toEqual({ ...lamp, properties: all });
  });
});
