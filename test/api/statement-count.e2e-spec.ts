import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertRun } from '../../src/storage/training-run.store.js';
import { promoteRandom, putItems, startApi, statementsOf, track, type RunningApi } from './running-api.js';

const items = Array.from({ length: 60 }, (_, n) => `item ${n}`);
const item = 'item { id title categories }';

describe('what a query asks of Postgres', () => {
  let api: RunningApi;
  let key: string;
  beforeAll(async () => {
    // nothing is looked up beside the requests, or logged behind them
    api = await startApi('statement_count_spec', { RECOLLECT_REFRESH_MS: '60000', RECOLLECT_IMPRESSION_DAYS: '0' });
    key = await api.newKey(['operator', 'privacy']);
    await putItems(
      api,
      items.map((id, n) => ({ id, title: `Title ${n}`, categories: [`category ${n % 7}`] })),
    );
    await promoteRandom(api, items, { width: 16, slots: 4 });
    for (const userId of ['u', 'v', 'w', 'x']) {
      await track(
        api,
        items.slice(0, 40).map((itemId, n) => ({ id: `event ${n}`, userId, itemId })),
      );
    }
    for (let n = 0; n < 30; n++) {
      const run = await insertRun(api.dataSource.manager, { cause: 'CRON', reason: null, idempotencyKey: `key ${n}` });
      await api.dataSource.query(`UPDATE training_run SET status = 'SKIPPED' WHERE id = $1`, [run?.id]);
    }
  });
  afterAll(async () => api.stop());

  const ask = async (query: string): Promise<readonly string[]> =>
    statementsOf(api, async () => {
      const { errors } = await api.ask(query, {}, key);
      expect(errors).toEqual([]);
    });

  /** Items that a request looks up; what follows the catalogue's changes in the background is another statement. */
  const itemLookups = (statements: readonly string[]): readonly string[] =>
    statements.filter((statement) => statement.includes('WHERE i.id = ANY('));

  /** Of several times: what is read once and kept, and what goes on in the background, can only add to it. */
  const leastOf = async (query: string): Promise<number> => {
    const counts: number[] = [];
    for (let time = 0; time < 4; time++) counts.push((await ask(query)).length);
    return Math.min(...counts);
  };

  it.each([
    [
      'interactions and their items',
      (n: number) =>
        `user(id: "u") { properties incomplete interactions(first: ${n}) { edges { node { id ${item} } } } }`,
    ],
    [
      'an answer',
      (n: number) =>
        `recommendations(input: { userId: "u", first: ${n}, excludeSeen: false }) { items { rank ${item} } }`,
    ],
    [
      'an answer and the reasons of each item',
      (n: number) =>
        `recommendations(input: { userId: "u", first: ${n}, excludeSeen: false }) {
           because(first: ${n}) { ${item} } items { ${item} because(first: ${n}) { id ${item} } } }`,
    ],
    ['similar items', (n: number) => `similarItems(input: { itemId: "item 3", first: ${n} }) { items { ${item} } }`],
    ['popular items', (n: number) => `popularItems(input: { first: ${n} }) { items { ${item} } }`],
    ['the catalogue', (n: number) => `items(first: ${n}) { edges { node { id title } } }`],
    [
      'given items in order',
      (n: number) =>
        `rankItems(input: { userId: "u", itemIds: ${JSON.stringify(items.slice(0, n))} }) { items { ${item} } }`,
    ],
    ['trainings', (n: number) => `trainingRuns(first: ${n}) { edges { node { id status epochs { loss } } } }`],
    ['the audit log', (n: number) => `auditLog(first: ${n}) { edges { node { id action } } }`],
    [
      'slots and their history',
      (n: number) =>
        `memoryProfile(userId: "u") { topItems { ${item} } slots { label nearestItems { id title } interactions { ${item} }
           lastWrite { ${item} } history(moments: ${Math.min(n, 20)}) { label nearestItems { id } } } }`,
    ],
  ])('does not grow with its rows: %s', async (_, field) => {
    const few = await leastOf(`{ ${field(2)} }`);
    const many = await leastOf(`{ ${field(30)} }`);
    expect(many).toBe(few);
    expect(many).toBeLessThan(12);
  });

  it('is no statement for the items of a profile but those that it shows, and one for those that are hidden', async () => {
    const profile = '{ memoryProfile(userId: "w") { topCategories { category } slots { categories { category } } } }';
    const itemsRead = async (): Promise<number> => itemLookups(await ask(profile)).length;
    expect(await itemsRead()).toBe(0);
    await api.ask(
      'mutation { patchItems(input: { items: [{ id: "item 3", available: false }] }) { userErrors { code } } }',
      {},
      key,
    );
    expect(await itemsRead()).toBe(1);
    await api.ask(
      'mutation { patchItems(input: { items: [{ id: "item 3", available: true }] }) { userErrors { code } } }',
      {},
      key,
    );
    expect(await itemsRead()).toBe(0);
  });

  it('is one statement for the profiles of several users, and one for several items', async () => {
    const users = ['u', 'v', 'w', 'x'].map((id) => `${id}: user(id: "${id}") { properties incomplete }`);
    const some = items.slice(0, 5).map((id, n) => `i${n}: item(id: "${id}") { title }`);
    const statements = await ask(`{ ${[...users, ...some].join(' ')} }`);
    expect(statements.filter((statement) => statement.includes('FROM user_profile'))).toHaveLength(1);
    expect(itemLookups(statements)).toHaveLength(1);
  });
});
