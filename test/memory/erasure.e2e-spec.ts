import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Admission } from '../../src/memory/admission.js';
import { Erasure } from '../../src/memory/erasure.js';
import { FirstLoad } from '../../src/memory/first-load.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { LogEdits } from '../../src/memory/log-edit.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { exportBeside, exportLog } from '../../src/memory/user-export.js';
import type { Verdict } from '../../src/memory/verdict.js';
import type { Interaction } from '../../src/model/interaction.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { putDeadLetters } from '../../src/storage/dead-letter.store.js';
import { createLogger } from '../../src/telemetry.js';
import { tester } from '../actor.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { expectMemoriesToEqualTheLog, items, looking } from '../written-log.js';

const start = Date.UTC(2026, 0, 1);

describe('erasing a user', () => {
  let database: FreshDatabase;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let forgetting: Forgetting;
  let erasure: Erasure;
  beforeEach(async () => {
    database = await freshDatabase('erasure_spec', { DATABASE_POOL_SIZE: '12' });
    const { config, dataSource } = database;
    const logger = createLogger(config);
    const live = new LiveModel(config, logger, dataSource);
    promotion = new Promotion(config, logger, dataSource, live);
    replays = new LateReplay(config, logger, live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    const edits = new LogEdits(config, logger, live, dataSource, replays);
    forgetting = new Forgetting(config, edits);
    erasure = new Erasure(config, dataSource, edits);
  });
  afterEach(async () => {
    await replays.onModuleDestroy();
    await database.drop();
  });

  const promoted = async (seed = 1): Promise<number> => {
    const version = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed, ...looking }));
    await promotion.promote(version);
    return version;
  };
  const event = (userId: string, n: number): Interaction => ({
    ...{ id: `e-${n}`, userId, itemId: items[(7 * n) % items.length] ?? '', kind: ['view', 'cart'][n % 2] ?? '' },
    ...{ occurredAt: start + 1_000 * n, value: null, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (...interactions: readonly Interaction[]): Promise<readonly Verdict[]> =>
    writer.apply(
      interactions.map((interaction) => ({ interaction, offset: null })),
      null,
    );
  const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
  const putLetter = async (offset: number, value: string): Promise<void> =>
    putDeadLetters(database.dataSource.manager, [
      {
        ...{
          topic: 'recollect.interactions',
          partition: 0,
          offset: String(offset),
          timestamp: '1',
          key: null,
          headers: [],
          lastOffset: null,
        },
        ...{ value: Buffer.from(value), isWhole: true, code: 'UNKNOWN_KIND', field: null, message: 'no', attempts: 1 },
      },
    ]);
  /** Tables of the schema with a row that holds the text anywhere. */
  const tablesWith = async (text: string): Promise<readonly string[]> => {
    const tables: { name: string }[] = await database.dataSource.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const hex = Buffer.from(text).toString('hex');
      const rows: unknown[] = await database.dataSource.query(
        `SELECT FROM "${name}" AS t WHERE position($1 in to_jsonb(t)::text) > 0 OR position($2 in to_jsonb(t)::text) > 0 LIMIT 1`,
        [text, hex],
      );
      if (rows.length > 0) found.push(name);
    }
    return found;
  };

  it('leaves nothing of the user in any table but a hash, and everything of the others', async () => {
    const { dataSource, config } = database;
    await promoted(1);
    await write(...range(20).flatMap((n) => [event('er-1', n), event('er-11', n)]));
    const version = await promoted(2);
    const admission = new Admission(config);
    await admission.putProfiles(dataSource.manager, [
      { id: 'er-1', properties: { name: 'Ada' } },
      { id: 'er-11', properties: {} },
    ]);
    await forgetting.forgetInteractions(tester, 'er-1', {
      ids: ['e-3'],
      itemIds: null,
      kinds: null,
      from: null,
      until: null,
    });
    for (const n of range(120))
      await putLetter(n, JSON.stringify({ userId: n % 3 === 0 ? 'er-1' : 'er-11', kind: '?' }));
    await dataSource.query(`INSERT INTO replay_request (user_id) VALUES ('er-1')`);
    expect(await tablesWith('"er-1"')).toEqual(
      expect.arrayContaining([
        'forgotten_interaction',
        'interaction',
        'replay_request',
        `user_memory_${version}`,
        'user_profile',
      ]),
    );
    const erased = await erasure.eraseUser(tester, 'er-1');
    expect(erased).toMatchObject({ interactions: 19, deadLetters: 40, receipt: { hash: { length: 32 } } });
    expect(await tablesWith('"er-1"')).toEqual([]);
    expect(await tablesWith('er-1')).toEqual(
      ['dead_letter', 'interaction', 'user_memory_1', `user_memory_${version}`, 'user_profile'].filter(
        (name) => name !== 'user_memory_1' || version === 2,
      ),
    ); // of er-11
    expect(await dataSource.query('SELECT count(*)::int FROM dead_letter')).toEqual([{ count: 80 }]);
    expect(await dataSource.query('SELECT interactions FROM erasure')).toEqual([{ interactions: 19 }]);
    await expectMemoriesToEqualTheLog(dataSource, version);
    expect(await dataSource.query('SELECT item_id, kind, day, count FROM item_count ORDER BY 1, 2, 3')).toEqual(
      await dataSource.query(
        `SELECT item_id, kind, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM interaction GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      ),
    );
    const again = await erasure.eraseUser(tester, 'er-1');
    expect(again).toMatchObject({ interactions: 0, deadLetters: 0, receipt: { erasedAt: erased.receipt.erasedAt } });
  });

  it('takes nothing of the user again, before a model serves and under it, though it comes at the same time', async () => {
    const { dataSource, config } = database;
    for (const prepare of [async (): Promise<number> => Promise.resolve(0), promoted]) {
      await prepare();
      await write(event('ann', 1), event('bob', 1));
      const coming = range(20).map(async (n) => write(event('ann', n), event('bob', n)));
      await erasure.eraseUser(tester, 'ann');
      await Promise.all(coming);
      expect(await write(event('ann', 1), event('ann', 99), event('bob', 1))).toEqual([
        'FORGOTTEN',
        'FORGOTTEN',
        'DUPLICATE',
      ]);
      await new Admission(config).putProfiles(dataSource.manager, [{ id: 'ann', properties: { a: 1 } }]);
      expect(await tablesWith('"ann"')).toEqual([]);
      expect(await dataSource.query('SELECT DISTINCT user_id FROM interaction')).toEqual([{ user_id: 'bob' }]);
      await dataSource.query('DELETE FROM erasure');
    }
  });

  it('is not undone by the first load of an empty log', async () => {
    const { dataSource, config } = database;
    expect(await FirstLoad.begin(dataSource, config).then(async (load) => load?.abandon())).toBeUndefined();
    await erasure.eraseUser(tester, 'ann');
    expect(await FirstLoad.begin(dataSource, config)).toBeNull();
  });

  it('reaches memories that are being made meanwhile', async () => {
    const { dataSource } = database;
    await promoted(1);
    await write(...range(1_200).flatMap((user) => range(3).map((n) => event(`user ${user}`, n))));
    const version = await storeCheckpoint(dataSource, randomCheckpoint(items, { seed: 2, ...looking }));
    const erasing: Promise<unknown>[] = [];
    await promotion.promote(version, {
      onProgress: () =>
        erasing.length === 0 && erasing.push(erasure.eraseUser(tester, 'user 0'), erasure.eraseUser(tester, 'user 1')),
    });
    await Promise.all(erasing);
    expect([await tablesWith('"user 0"'), await tablesWith('"user 1"')]).toEqual([[], []]);
    await expectMemoriesToEqualTheLog(dataSource, version);
  });

  it('is applied again after a restore, by the hashes alone, and once more changes nothing', async () => {
    const { dataSource } = database;
    await promoted();
    await write(...range(5).flatMap((n) => [event('er-2', n), event('bob', n)]));
    const { receipt } = await erasure.eraseUser(tester, 'er-2');
    const { receipt: other } = await erasure.eraseUser(tester, 'er-3');
    await dataSource.query('DELETE FROM erasure'); // as it was before
    await write(...range(5).map((n) => event('er-2', n)));
    expect(await tablesWith('"er-2"')).not.toEqual([]);
    expect(await erasure.reapply(tester, [receipt.hash, other.hash])).toBe(1);
    expect(await tablesWith('"er-2"')).toEqual([]);
    const after: unknown = await dataSource.query('SELECT * FROM erasure ORDER BY hash');
    expect(await erasure.reapply(tester, [receipt.hash, other.hash])).toBe(0);
    expect(await dataSource.query('SELECT * FROM erasure ORDER BY hash')).toEqual(after);
    expect(await write(event('er-2', 9), event('er-3', 9), event('bob', 9))).toEqual([
      'FORGOTTEN',
      'FORGOTTEN',
      'ACCEPTED',
    ]);
  });

  it('an export has all that is held', async () => {
    const { dataSource, config } = database;
    const version = await promoted();
    await write(...range(6_000).map((n) => event('ann', n)));
    await new Admission(config).putProfiles(dataSource.manager, [{ id: 'ann', properties: { name: 'Ann' } }]);
    await putLetter(1, '{"userId": "ann"}');
    await forgetting.forgetInteractions(tester, 'ann', {
      ids: ['e-3'],
      itemIds: null,
      kinds: null,
      from: null,
      until: null,
    });
    expect(await exportBeside(dataSource.manager, 'ann')).toMatchObject({
      userId: 'ann',
      properties: { name: 'Ann' },
      memories: [{ modelVersion: version, interactionsApplied: 5_999 }],
      forgottenInteractions: 1,
      deadLetters: [{ offset: '1', value: Buffer.from('{"userId": "ann"}').toString('base64') }],
    });
    const ids: string[] = [];
    for await (const page of exportLog(dataSource.manager, 'ann')) ids.push(...page.map(({ id }) => id));
    expect(ids).toEqual(
      range(6_000)
        .filter((n) => n !== 3)
        .map((n) => `e-${n}`)
        .reverse(),
    );
  });
});
