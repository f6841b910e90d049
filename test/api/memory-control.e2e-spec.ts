import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMemoryCommands } from '../../src/cli/memory.js';
import { addUserCommands } from '../../src/cli/users.js';
import { runCommand } from '../command.js';
import { promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';

const items = ['a', 'b', 'c', 'd'];

interface ForgottenView {
  readonly forgetInteractions: {
    readonly forgotten: number;
    readonly userErrors: readonly { readonly code: string; readonly field: string | null; readonly message: string }[];
  };
}

describe('memory control', () => {
  let api: RunningApi;
  let key: string;
  beforeAll(async () => {
    api = await startApi('memory_control_spec');
    key = await api.newKey(['privacy']);
    await putItems(api, items);
    await promoteRandom(api, items);
  });
  afterAll(async () => api.stop());

  const forget = async (input: Readonly<Record<string, unknown>>): Promise<Reply<ForgottenView>> =>
    api.ask(
      'mutation($input: ForgetInteractionsInput!) { forgetInteractions(input: $input) { forgotten userErrors { code field message } } }',
      { input },
      key,
    );
  const command = async (...words: readonly string[]): Promise<string> =>
    runCommand(
      (program) => {
        addMemoryCommands(program);
        addUserCommands(program);
      },
      { DATABASE_URL: api.config.databaseUrl ?? '', DATABASE_SCHEMA: api.config.databaseSchema },
      ...words,
    );
  const rowsOf = async (table: string, userId: string): Promise<number> => {
    const rows: { count: number }[] = await api.dataSource.query(
      `SELECT count(*)::int AS count FROM ${table} WHERE user_id = $1`,
      [userId],
    );
    return rows[0]?.count ?? 0;
  };

  it('forgets interactions, says which the user does not have, and knows them again', async () => {
    const events = items.map((itemId, n) => ({ id: `e${n}`, userId: 'ann', itemId }));
    await track(api, events);
    const { data, errors } = await forget({ userId: 'ann', ids: ['e1', 'nothing', 'e2'] });
    expect(errors).toEqual([]);
    expect(data.forgetInteractions).toMatchObject({
      forgotten: 2,
      userErrors: [{ code: 'NOT_FOUND', field: 'ids[1]' }],
    });
    const query =
      '{ user(id: "ann") { interactions { edges { node { id } } } } recommendations(input: {userId: "ann"}) { interactionsSeen } }';
    expect((await api.ask(query)).data).toEqual({
      user: { interactions: { edges: [{ node: { id: 'e3' } }, { node: { id: 'e0' } }] } },
      recommendations: { interactionsSeen: 2 },
    });
    const again = await track(api, events);
    expect(again.data.trackInteractions).toMatchObject({ accepted: 0, duplicates: 2, refused: 0 });
    expect(again.data.trackInteractions.verdicts.map(({ status }) => status)).toEqual([
      'DUPLICATE',
      'FORGOTTEN',
      'FORGOTTEN',
      'DUPLICATE',
    ]);
  });

  it('resets a memory: the log stays, answers begin anew', async () => {
    await track(
      api,
      items.map((itemId, n) => ({ id: `e${n}`, userId: 'reset', itemId })),
    );
    const reset = 'mutation { resetMemory(input: {userId: "reset"}) { leftOut } }';
    expect((await api.ask(reset, {}, key)).data).toEqual({ resetMemory: { leftOut: 4 } });
    const query = `{ user(id: "reset") { interactions { edges { node { id } } } } memoryProfile(userId: "reset") { emptyReason }
      recommendations(input: {userId: "reset", first: 4}) { source fallbackReason interactionsSeen items { rank } } }`;
    expect((await api.ask(query)).data).toMatchObject({
      user: { interactions: { edges: { length: 4 } } },
      memoryProfile: { emptyReason: 'UNKNOWN_USER' },
      recommendations: { fallbackReason: 'UNKNOWN_USER', interactionsSeen: 0, items: [] },
    });
    await track(api, [{ id: 'e9', userId: 'reset', itemId: 'a' }]);
    expect((await api.ask(query)).data).toMatchObject({ recommendations: { interactionsSeen: 1 } });
    expect(await command('memory', 'reset', 'reset', '--yes')).toBe('{"leftOut":1}\n');
    expect((await api.ask(reset, {}, key)).data).toEqual({ resetMemory: { leftOut: 0 } });
  });

  it('merges a session into an account', async () => {
    await track(api, [
      { id: 's1', sessionId: 's', itemId: 'a' },
      { id: 's2', userId: 'account', itemId: 'b' },
    ]);
    const merge =
      'mutation($from: ID!, $into: ID!) { mergeUsers(input: {from: $from, into: $into}) { interactions duplicates } }';
    const { data } = await api.ask(merge, { from: 'session:s', into: 'account' }, key);
    expect(data).toEqual({ mergeUsers: { interactions: 1, duplicates: 0 } });
    await track(api, [{ id: 's3', sessionId: 's', itemId: 'c', occurredAt: '2026-01-02T00:00:00Z' }]);
    expect((await api.ask('{ recommendations(input: {userId: "account"}) { interactionsSeen } }')).data).toEqual({
      recommendations: { interactionsSeen: 3 },
    });
    const { errors } = await api.ask(merge, { from: 'session:s', into: 'account' }, key);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    expect(await command('users', 'merge', 'session:t', 'account', '--yes')).toBe(
      '{"interactions":0,"duplicates":0}\n',
    );
    expect(JSON.parse(await command('users', 'export', 'account'))).toMatchObject({
      mergedFrom: ['session:s', 'session:t'],
    });
  });

  it('exports a user, and refuses what is too long for an answer', async () => {
    await track(api, [{ id: 'e0', userId: 'out', itemId: 'a' }]);
    const exported = 'mutation($userId: ID!) { exportUser(input: {userId: $userId}) { data } }';
    expect((await api.ask(exported, { userId: 'out' }, key)).data).toMatchObject({
      exportUser: {
        data: { userId: 'out', interactions: [{ id: 'e0', itemId: 'a' }], memories: [{ interactionsApplied: 1 }] },
      },
    });
    const printed: unknown = JSON.parse(await command('users', 'export', 'out'));
    expect(printed).toMatchObject({ userId: 'out', properties: null, interactions: [{ id: 'e0', itemId: 'a' }] });
    await api.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at) SELECT 'long', n::text, 'a', 'view', now() FROM generate_series(1, 20001) n`,
    );
    const { errors } = await api.ask(exported, { userId: 'long' }, key);
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
  });

  it('erases a user wholly, and says nothing of the user any more', async () => {
    await track(
      api,
      items.map((itemId, n) => ({ id: `e${n}`, userId: 'gone', itemId })),
    );
    const erase =
      'mutation($userId: ID!) { eraseUser(input: {userId: $userId}) { interactions deadLetters receipt { hash erasedAt } } }';
    const { data } = await api.ask(erase, { userId: 'gone' }, key);
    expect(data).toMatchObject({
      eraseUser: { interactions: 4, deadLetters: 0, receipt: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    });
    for (const table of ['interaction', 'user_memory', 'forgotten_interaction'])
      expect([table, await rowsOf(table, 'gone')]).toEqual([table, 0]);
    const query = `{ user(id: "gone") { properties interactions { edges { cursor } } } recommendations(input: {userId: "gone"}) { interactionsSeen } }`;
    expect((await api.ask(query)).data).toMatchObject({
      user: { interactions: { edges: [] } },
      recommendations: { interactionsSeen: 0 },
    });
    const again = await track(api, [{ id: 'new', userId: 'gone', itemId: 'a' }]);
    expect(again.data.trackInteractions.verdicts).toMatchObject([{ status: 'FORGOTTEN' }]);
    const file = join(mkdtempSync(join(tmpdir(), 'recollect-')), 'erasures.jsonl');
    writeFileSync(file, await command('users', 'erasures'));
    expect(await command('users', 'reapply', file, '--yes')).toBe('{"erasures":1,"users":0}\n');
    expect(await command('users', 'erase', 'out', '--yes')).toMatch(
      /^{"interactions":1,"deadLetters":0,"receipt":{"hash":"[0-9a-f]{64}"/,
    );
  });

  it.each([
    ['users', 'erase', '--yes'],
    ['users', 'erase', 'ann'],
    ['users', 'merge', 'ann'],
    ['memory', 'forget', '--yes'],
    ['memory', 'reset', '--yes'],
    ['erase', '--yes'],
    ['forget', '--yes'],
  ])('a command that does not say whose, or is not sure, ends with 2: %s %s %s', (...words) => {
    const { status, stderr } = spawnSync(process.execPath, ['dist/src/cli/recollect.js', ...words], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('error: ') });
  });

  it.each([
    ['nothing to select by', { userId: 'ann' }, 'ids'],
    ['a list that is null', { userId: 'ann', ids: null }, 'ids'],
    ['an empty filter', { userId: 'ann', filter: {} }, 'ids'],
    ['ids beside a filter', { userId: 'ann', ids: ['e0'], filter: { kinds: ['view'] } }, 'filter'],
    ['a blank user', { userId: ' ', ids: ['e0'] }, 'userId'],
    ['a time without a zone', { userId: 'ann', filter: { from: '2026-01-01T00:00:00' } }, 'filter.from'],
  ])('refuses %s', async (_, input, field) => {
    const before = await rowsOf('interaction', 'ann');
    const { errors } = await forget(input);
    expect(errors).toMatchObject([{ message: expect.stringContaining(field), extensions: { code: 'BAD_INPUT' } }]);
    expect(await rowsOf('interaction', 'ann')).toBe(before);
  });

  it('asks for a key of the scope privacy', async () => {
    const { errors } = await api.ask(
      'mutation { forgetInteractions(input: {userId: "ann", ids: ["e0"]}) { forgotten } }',
      {},
      api.key,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('is on the command line too', async () => {
    await track(
      api,
      items.map((itemId, n) => ({ id: `e${n}`, userId: 'cli', itemId })),
    );
    expect(await command('memory', 'forget', 'cli', '--items', 'a,c', '--yes')).toBe('{"forgotten":2,"notFound":0}\n');
    expect(await command('memory', 'forget', 'cli', '--ids', 'e1,e2', '--yes')).toBe('{"forgotten":1,"notFound":1}\n');
    expect(await command('memory', 'forget', 'cli', '--yes')).toContain('what is to be forgotten is not said');
    expect(await rowsOf('interaction', 'cli')).toBe(1);
  });
});
