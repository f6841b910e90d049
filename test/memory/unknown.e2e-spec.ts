import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { addDeadLetterCommands } from '../../src/cli/dead-letters.js';
import { startApi, track, type RunningApi } from '../api/running-api.js';
import { runCommand } from '../command.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { importInto } from '../import/import-into.js';
import { describeWithBroker, startIngestion, testIngestion, type TestIngestion } from '../service.js';

const refuse = { RECOLLECT_UNKNOWN_ITEMS: 'refuse', RECOLLECT_UNKNOWN_USERS: 'refuse' };
const create = { RECOLLECT_UNKNOWN_ITEMS: 'create', RECOLLECT_UNKNOWN_USERS: 'create' };
const event = (id: string, userId: string, itemId: string) => ({
  ...{ id, userId, itemId, kind: 'view' },
  occurredAt: '2026-05-01T10:00:00Z',
});

type Database = Pick<FreshDatabase, 'dataSource'>;
const column = async ({ dataSource }: Database, sql: string): Promise<readonly string[]> =>
  (await dataSource.query<{ text: string }[]>(sql)).map(({ text }) => text);
const logged = async (database: Database): Promise<readonly string[]> =>
  column(database, 'SELECT id AS text FROM interaction ORDER BY arrival');
/** ids of items and users; those that are incomplete with a question mark */
const items = async (database: Database): Promise<readonly string[]> =>
  column(database, `SELECT id || CASE WHEN incomplete THEN '?' ELSE '' END AS text FROM item ORDER BY id`);
const users = async (database: Database): Promise<readonly string[]> =>
  column(database, `SELECT id || CASE WHEN incomplete THEN '?' ELSE '' END AS text FROM user_profile ORDER BY id`);
const put = async ({ dataSource }: Database): Promise<void> => {
  await dataSource.query(`INSERT INTO item (id, change_number) VALUES ('known', 1)`);
  await dataSource.query(`INSERT INTO item (id, deleted_at, change_number) VALUES ('gone', now(), 1)`);
  await dataSource.query(`INSERT INTO user_profile (id, properties) VALUES ('ann', '{}')`);
};

describeWithBroker('unknown items and users that come by Kafka', () => {
  let ingestion: TestIngestion;
  let app: INestApplicationContext;
  const start = async (settings: Readonly<Record<string, string>>): Promise<void> => {
    ingestion = await testIngestion('unknown_spec', settings);
    await put(ingestion.database);
    app = await startIngestion(ingestion);
  };
  afterEach(async () => {
    await app.close();
    await ingestion.close();
  });
  const send = async (topic: string, ...values: readonly Record<string, unknown>[]): Promise<void> => {
    await ingestion.send(
      topic,
      values.map((value) => ({
        key: topic === ingestion.topics.interactions ? 'any' : String(value.id),
        value: JSON.stringify(value),
        partition: 0,
      })),
    );
    await ingestion.untilConsumed();
  };

  it('are accepted and make no rows, unless the settings say otherwise', async () => {
    await start({});
    await send(ingestion.topics.interactions, event('1', 'bob', 'new'));
    expect([
      await logged(ingestion.database),
      await items(ingestion.database),
      await users(ingestion.database),
    ]).toEqual([['1'], ['gone', 'known'], ['ann']]);
  });

  it('are created with the first event, and completed by what the topics of items and users say', async () => {
    await start(create);
    const { database, topics } = ingestion;
    await send(
      topics.interactions,
      event('1', 'bob', 'new'),
      event('2', 'ann', 'gone'),
      { ...event('3', '', 'other'), userId: null, sessionId: 'visit' },
      event('4', 'bob', 'new'),
    );
    expect(await items(database)).toEqual(['gone', 'known', 'new?', 'other?']);
    expect(await users(database)).toEqual(['ann', 'bob?']); // a visitor has no profile
    const deleted = await column(database, 'SELECT id AS text FROM item WHERE deleted_at IS NOT NULL');
    expect(deleted).toEqual(['gone']);
    await send(topics.items, { id: 'new' });
    await send(topics.users, { id: 'bob' });
    await send(topics.interactions, event('5', 'bob', 'new'));
    expect([await items(database), await users(database)]).toEqual([
      ['gone', 'known', 'new', 'other?'],
      ['ann', 'bob'],
    ]);
  });

  it('are refused with the reason and everything else of the batch is applied; once they are put, a replay applies them', async () => {
    await start(refuse);
    const { database, topics } = ingestion;
    await send(
      topics.interactions,
      event('1', 'ann', 'known'),
      event('2', 'ann', 'new'),
      event('3', 'bob', 'known'),
      event('4', 'ann', 'gone'),
      { ...event('5', '', 'known'), userId: null, sessionId: 'visit' },
    );
    expect(await logged(database)).toEqual(['1', '4', '5']);
    const letters = async (): Promise<readonly string[]> =>
      column(
        database,
        `SELECT record_offset || ' ' || code || ' ' || field AS text FROM dead_letter WHERE replayed_at IS NULL ORDER BY record_offset`,
      );
    expect(await letters()).toEqual(['1 UNKNOWN_ITEM itemId', '2 UNKNOWN_USER userId']);
    const kept = await ingestion.read(`${topics.interactions}.dlt`);
    expect(kept.map(({ headers }) => String(headers?.['recollect-message'])).sort()).toEqual([
      expect.stringContaining('put the item, then send the event again'),
      expect.stringContaining('put the user, then send the event again'),
    ]);
    const replay = async (): Promise<string> =>
      runCommand(addDeadLetterCommands, ingestion.settings, 'dead-letters', 'replay', '--all');
    expect(await replay()).toBe('sent 2 again\n');
    await ingestion.untilConsumed();
    expect(await letters()).toEqual(['1 UNKNOWN_ITEM itemId', '2 UNKNOWN_USER userId']); // refused again
    await send(topics.items, { id: 'new' });
    await send(topics.users, { id: 'bob' });
    expect(await replay()).toBe('sent 2 again\n');
    await ingestion.untilConsumed();
    expect(await logged(database)).toEqual(['1', '4', '5', '2', '3']);
    expect([await letters(), await items(database), await users(database)]).toEqual([
      [],
      ['gone', 'known', 'new'],
      ['ann', 'bob'],
    ]);
  });
});

describe('unknown items and users that come by files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recollect-unknown-'));
  let database: FreshDatabase;
  afterEach(async () => {
    await database.drop();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const file = (...rows: readonly object[]): string => {
    const path = join(folder, 'rows.jsonl');
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return path;
  };
  const rows = [
    event('1', 'ann', 'known'),
    event('2', 'ann', 'new'),
    event('2', 'ann', 'newer'),
    event('3', 'bob', 'known'),
    event('4', 'session:visit', 'known'),
  ];
  const before = event('0', 'ann', 'known');

  it.each(['an empty log', 'a log with rows'])(
    'are refused on their way into %s, and a dry run says so',
    async (log) => {
      database = await freshDatabase('unknown_spec', refuse);
      await put(database);
      if (log === 'a log with rows') await importInto(database, [file(before)]);
      const path = file(...rows);
      const dry = await importInto(database, [path], { dryRun: true });
      const report = await importInto(database, [path]);
      expect(dry).toEqual(report);
      expect(report).toMatchObject({ rows: 5, added: 2, duplicates: 0, refused: 3 });
      expect(report.notAdded.map(({ line, code, field }) => [line, code, field])).toEqual([
        [2, 'UNKNOWN_ITEM', 'itemId'],
        [3, 'UNKNOWN_ITEM', 'itemId'],
        [4, 'UNKNOWN_USER', 'userId'],
      ]);
      expect(await logged(database)).toEqual([...(log === 'a log with rows' ? ['0'] : []), '1', '4']);
    },
  );

  it.each(['an empty log', 'a log with rows'])('are created on their way into %s', async (log) => {
    database = await freshDatabase('unknown_spec', create);
    await put(database);
    if (log === 'a log with rows') await importInto(database, [file(before)]);
    expect(await importInto(database, [file(...rows)])).toMatchObject({ added: 4, duplicates: 1, refused: 0 });
    expect([await items(database), await users(database)]).toEqual([
      ['gone', 'known', 'new?'], // of the two that share an id the first is in the log
      ['ann', 'bob?'],
    ]);
  });
});

describe('unknown items and users that come by GraphQL', () => {
  let api: RunningApi;
  afterEach(async () => {
    await api.stop();
  });
  const start = async (settings: Readonly<Record<string, string>>): Promise<void> => {
    api = await startApi('unknown_api_spec', settings);
    await put(api);
  };
  const known = 'query { item(id: "new") { id title incomplete } user(id: "bob") { properties incomplete } }';

  it('are refused row by row', async () => {
    await start(refuse);
    const { data } = await track(api, [
      event('1', 'ann', 'known'),
      event('2', 'ann', 'new'),
      event('3', 'bob', 'known'),
    ]);
    expect(data.trackInteractions).toMatchObject({ accepted: 1, refused: 2 });
    expect(data.trackInteractions.userErrors.map(({ code, field }) => [code, field])).toEqual([
      ['UNKNOWN_ITEM', 'interactions[1].itemId'],
      ['UNKNOWN_USER', 'interactions[2].userId'],
    ]);
    expect(await logged(api)).toEqual(['1']);
  });

  it('are created, said to be incomplete, and complete once they are put', async () => {
    await start(create);
    await track(api, [event('1', 'bob', 'new')]);
    expect((await api.ask(known)).data).toEqual({
      item: { id: 'new', title: null, incomplete: true },
      user: { properties: {}, incomplete: true },
    });
    await api.ask('mutation { putItems(input: { items: [{ id: "new" }] }) { written } }');
    expect((await api.ask(known)).data).toMatchObject({ item: { incomplete: false }, user: { incomplete: true } });
  });
});
