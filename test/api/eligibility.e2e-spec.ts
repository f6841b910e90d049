import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deleteItems, putItems as storeItems, type ItemPut } from '../../src/storage/item.store.js';
import { Catalogue } from '../../src/recommend/catalogue.js';
import { promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const items = ['a', 'b', 'c', 'd'];
const queries = {
  memory: 'answer: recommendations(input: { userId: "u", first: 100, excludeSeen: false }) { items { item { id } } }',
  session:
    'answer: recommendations(input: { interactions: [{ itemId: "a" }], first: 100, excludeSeen: false }) { items { item { id } } }',
  fallback: 'answer: recommendations(input: { userId: "nobody", first: 100 }) { items { item { id } } }',
  similar: 'answer: similarItems(input: { itemId: "a", first: 100 }) { items { item { id } } }',
  popular: 'answer: popularItems(input: { first: 100 }) { items { item { id } } }',
};

/**
 * The catalogue and the popularity of this process are looked up once a minute here, so that what another process changes meanwhile
 * is known to Postgres alone.
 */
describe('an item that another process', () => {
  let api: RunningApi | undefined;
  const running = async (schema: string): Promise<RunningApi> => {
    const started = await startApi(schema, { RECOLLECT_REFRESH_MS: '60000' });
    api = started;
    await putItems(started, items);
    await promoteRandom(started, items);
    await track(
      started,
      items.map((itemId) => ({ userId: 'u', itemId })),
    );
    for (const query of Object.values(queries)) await answered(started, query); // everything is loaded
    return started;
  };
  const answered = async ({ ask }: RunningApi, query: string): Promise<readonly string[]> => {
    const { data } = await ask<{ answer: AnswerView }>(`{ ${query} }`);
    return data.answer.items.map(({ item }) => item.id).sort();
  };
  const item = (id: string, more: Partial<ItemPut>): ItemPut => ({
    ...{
      id,
      title: null,
      categories: [],
      properties: {},
      vector: null,
      available: true,
      createdAt: null,
      expiresAt: null,
    },
    ...more,
  });
  beforeEach(async () => {
    await api?.stop();
  });
  afterAll(async () => api?.stop());

  const changes: Readonly<Record<string, (started: RunningApi) => Promise<unknown>>> = {
    hid: async ({ dataSource }) => storeItems(dataSource.manager, [item('b', { available: false })]),
    'let expire': async ({ dataSource }) =>
      storeItems(dataSource.manager, [item('b', { expiresAt: new Date(Date.now() - 1) })]),
    deleted: async ({ dataSource }) => deleteItems(dataSource.manager, ['b']),
  };
  it.each(Object.keys(changes))('%s a moment ago is in no answer, on no path', async (change) => {
    const started = await running('eligibility_spec');
    const before = await answered(started, queries.memory);
    expect(before).toEqual(items);
    await changes[change]?.(started);
    for (const [path, query] of Object.entries(queries)) {
      expect([path, await answered(started, query)]).toEqual([path, path === 'similar' ? ['c', 'd'] : ['a', 'c', 'd']]);
    }
  });

  it('brought back is answered once the catalogue was looked up', async () => {
    const started = await running('eligibility_spec');
    await started.ask('mutation { deleteItems(input: { ids: ["b"] }) { deleted } }');
    expect(await answered(started, queries.memory)).toEqual(['a', 'c', 'd']);
    await storeItems(started.dataSource.manager, [item('b', {})]);
    await started.app.get(Catalogue).refresh();
    expect(await answered(started, queries.memory)).toEqual(items);
  });

  it('wrote early and committed late is not missed', async () => {
    const started = await running('eligibility_spec');
    const early = started.dataSource.createQueryRunner();
    await early.startTransaction();
    await storeItems(early.manager, [item('late', {})]);
    await storeItems(started.dataSource.manager, [item('later', {})]);
    const catalogue = started.app.get(Catalogue);
    await catalogue.refresh();
    expect(catalogue.size).toBe(items.length + 1);
    await early.commitTransaction();
    await early.release();
    await catalogue.refresh();
    expect(catalogue.size).toBe(items.length + 2);
  });

  it('expires by the clock without any change', async () => {
    const started = await running('eligibility_spec');
    await putItems(started, [{ id: 'b', expiresAt: new Date(Date.now() + 400).toISOString() }]);
    expect(await answered(started, queries.memory)).toEqual(items);
    await new Promise((done) => setTimeout(done, 450));
    expect(await answered(started, queries.memory)).toEqual(['a', 'c', 'd']);
  });
});
