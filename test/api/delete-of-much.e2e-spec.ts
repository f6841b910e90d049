/** Case M09: all of much is deleted in one call, and nothing by a call that says nothing. One sequence, on one user. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Promotion } from '../../src/promotion/promotion.js';
import { putDeadLetters } from '../../src/storage/dead-letter.store.js';
import { addMemoryCommands } from '../../src/cli/memory.js';
import { runCommand } from '../command.js';
import { promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';

const items = ['a', 'b', 'c', 'd'];
const fields = { forget: 'forgotten userErrors { code field }' };

describe('a user with 12,000 interactions, 50 dead letters and memories of two versions', () => {
  let api: RunningApi;
  let key: string;
  let versions: readonly number[];
  beforeAll(async () => {
    api = await startApi('delete_of_much_spec');
    key = await api.newKey(['privacy']);
    await putItems(api, items);
    const rows = Array.from({ length: 12_000 }, (_, n) => ({
      ...{ id: `b${n}`, userId: 'u-big', itemId: items[n % 4] ?? '' },
      occurredAt: new Date(Date.UTC(2026, 0, 1) + 1_000 * n).toISOString(),
    }));
    for (let from = 0; from < rows.length; from += 1_000) await track(api, rows.slice(from, from + 1_000));
    await track(api, [
      { id: 'b1', userId: 'other', itemId: 'a' },
      { id: 'o2', userId: 'other', itemId: 'b' },
    ]);
    versions = [await promoteRandom(api, items), await promoteRandom(api, items, { seed: 2 })];
    await putDeadLetters(
      api.dataSource.manager,
      Array.from({ length: 50 }, (_, n) => ({
        ...{ topic: 'recollect.interactions', partition: 0, offset: String(n), timestamp: '1', headers: [] },
        ...{ key: n % 2 === 0 ? Buffer.from('u-big') : null, lastOffset: null, isWhole: true, field: null },
        ...{ code: 'UNKNOWN_KIND', message: 'no such kind', attempts: 1 },
        value: Buffer.from(JSON.stringify({ userId: 'u-big', itemId: 'a', kind: 'unheard of' })),
      })),
    );
  }, 180_000);
  afterAll(async () => api.stop());

  const rowsOf = async (table: string, userId = 'u-big'): Promise<number> => {
    const rows = await api.dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM ${table} WHERE user_id = $1`,
      [userId],
    );
    return rows[0]?.count ?? 0;
  };
  const memories = async (): Promise<readonly (readonly [number, number])[]> => {
    const rows = await api.dataSource.query<{ version: number; applied: number }[]>(
      `SELECT model_version AS version, interactions_applied::int AS applied FROM user_memory WHERE user_id = 'u-big' AND interactions_applied > 0 ORDER BY 1`,
    );
    return rows.map(({ version, applied }) => [version, applied]);
  };
  const act = async (mutation: string, variables: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
    const { data, errors } = await api.ask<Readonly<Record<string, unknown>> | null>(mutation, variables, key);
    return errors.length > 0 ? errors : Object.values(data ?? {})[0];
  };
  const forget = async (userId: string, ids: readonly string[]): Promise<unknown> =>
    act(
      `mutation($userId: ID!, $ids: [ID!]) { forgetInteractions(input: {userId: $userId, ids: $ids}) { ${fields.forget} } }`,
      { userId, ids },
    );
  const verified = async (): Promise<unknown> => {
    const settings = { DATABASE_URL: api.config.databaseUrl ?? '', DATABASE_SCHEMA: api.config.databaseSchema };
    const printed = await runCommand(addMemoryCommands, settings, 'memory', 'verify');
    return JSON.parse(printed.trim().split('\n').at(-1) ?? '');
  };
  const listed = async (): Promise<number> => {
    const { data } = await api.ask<{ exportUser: { data: { interactions: unknown[] } } }>(
      'mutation { exportUser(input: {userId: "u-big"}) { data } }',
      {},
      key,
    );
    return data.exportUser.data.interactions.length;
  };

  it('has 9,000 forgotten in one call, out of every version', async () => {
    expect(await memories()).toEqual(versions.map((version) => [version, 12_000]));
    const ids = Array.from({ length: 9_000 }, (_, n) => `b${n}`);
    expect(await forget('u-big', ids)).toEqual({ forgotten: 9_000, userErrors: [] });
    expect(await rowsOf('interaction')).toBe(3_000);
    expect(await listed()).toBe(3_000);
    expect(await memories()).toEqual([[versions[1], 3_000]]);
    expect(await rowsOf('interaction', 'other')).toBe(2);
    expect(await verified()).toMatchObject({ missing: 0, different: 0, damaged: 0 });
    await api.app.get(Promotion).promote(versions[0] ?? NaN);
    expect((await memories()).at(0)).toEqual([versions[0], 3_000]);
    expect(await verified()).toMatchObject({ version: versions[0], missing: 0, different: 0, damaged: 0 });
  }, 120_000);

  it('has the memory emptied, and the log kept', async () => {
    const reset = 'mutation { resetMemory(input: {userId: "u-big"}) { leftOut } }';
    expect(await act(reset)).toEqual({ leftOut: 3_000 });
    expect(await memories()).toEqual([]);
    expect(await rowsOf('interaction')).toBe(3_000);
    const { data } = await api.ask(
      '{ recommendations(input: {userId: "u-big"}) { interactionsSeen source because { id } } }',
    );
    expect(data).toMatchObject({ recommendations: { interactionsSeen: 0, because: [] } });
    expect(await act(reset)).toEqual({ leftOut: 0 });
    expect(await verified()).toMatchObject({ missing: 0, different: 0 });
  }, 60_000);

  it("leaves others and all else alone when nothing is said, or what is another user's", async () => {
    const all = async (): Promise<unknown> =>
      Promise.all(
        ['interaction', 'user_memory', 'item', 'item_count', 'dead_letter', 'audit_log'].map(async (table) =>
          api.dataSource.query<unknown[]>(`SELECT * FROM ${table} t ORDER BY t::text`),
        ),
      );
    const before = await all();
    expect(await forget('u-big', [])).toEqual({ forgotten: 0, userErrors: [] });
    expect(await forget('u-big', ['o2'])).toEqual({
      forgotten: 0,
      userErrors: [{ code: 'NOT_FOUND', field: 'ids[0]' }],
    });
    const refused = [{ extensions: { code: 'BAD_INPUT' } }];
    const unset = 'mutation($ids: [ID!]) { forgetInteractions(input: {userId: "u-big", ids: $ids}) { forgotten } }';
    expect(await act(unset)).toMatchObject(refused);
    expect(await act('mutation($id: ID) { eraseUser(input: {userId: $id}) { interactions } }')).toMatchObject(refused);
    expect(await act('mutation($id: ID) { resetMemory(input: {userId: $id}) { leftOut } }')).toMatchObject(refused);
    const deleted = await api.ask('mutation { deleteItems(input: {ids: []}) { deleted userErrors { code } } }');
    expect(deleted.data).toEqual({ deleteItems: { deleted: 0, userErrors: [] } });
    expect(await all()).toEqual(before);
  });

  it('is erased wholly, dead letters too: no query, export or memory knows the user', async () => {
    const erase = 'mutation { eraseUser(input: {userId: "u-big"}) { interactions deadLetters } }';
    expect(await act(erase)).toEqual({ interactions: 3_000, deadLetters: 50 });
    for (const table of ['interaction', 'user_memory', 'forgotten_interaction']) expect(await rowsOf(table)).toBe(0);
    const counted = await api.dataSource.query<{ count: number }[]>('SELECT sum(count)::int AS count FROM item_count');
    expect(counted).toEqual([{ count: 2 }]);
    const tables = await api.dataSource.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
      [api.config.databaseSchema],
    );
    for (const { name } of tables) {
      const holding = await api.dataSource.query<unknown[]>(
        `SELECT FROM "${name}" t WHERE position('u-big' IN t::text) > 0 OR position(encode('u-big', 'hex') IN t::text) > 0`,
      );
      expect([name, holding.length]).toEqual([name, 0]);
    }
    expect(await listed()).toBe(0);
    expect(await rowsOf('interaction', 'other')).toBe(2);
    expect(await act(erase)).toEqual({ interactions: 0, deadLetters: 0 });
    expect(await verified()).toMatchObject({ missing: 0, different: 0 });
  }, 60_000);
});
