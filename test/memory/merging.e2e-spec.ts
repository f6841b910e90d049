import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Erasure } from '../../src/memory/erasure.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { LogEdits } from '../../src/memory/log-edit.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { Merging } from '../../src/memory/merging.js';
import type { Verdict } from '../../src/memory/verdict.js';
import type { Interaction } from '../../src/model/interaction.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { createLogger } from '../../src/telemetry.js';
import { tester } from '../actor.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { until } from '../service.js';
import { expectMemoriesToEqualTheLog, items, looking } from '../written-log.js';

const start = Date.UTC(2026, 0, 1);
const session = 'session:s';

describe('merging users', () => {
  let database: FreshDatabase;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let merging: Merging;
  let forgetting: Forgetting;
  let erasure: Erasure;
  beforeEach(async () => {
    database = await freshDatabase('merging_spec', { DATABASE_POOL_SIZE: '12' });
    const { config, dataSource } = database;
    const logger = createLogger(config);
    const live = new LiveModel(config, logger, dataSource);
    promotion = new Promotion(config, logger, dataSource, live);
    replays = new LateReplay(config, logger, live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    const edits = new LogEdits(config, logger, live, dataSource, replays);
    merging = new Merging(config, edits);
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
  const query = async <R>(sql: string): Promise<R[]> => database.dataSource.query(sql);
  const event = (userId: string, n: number, id = `e-${n}`): Interaction => ({
    ...{ id, userId, itemId: items[(7 * n) % items.length] ?? '', kind: ['view', 'cart'][n % 2] ?? '' },
    ...{ occurredAt: start + 1_000 * n, value: null, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (...interactions: readonly Interaction[]): Promise<readonly Verdict[]> =>
    writer.apply(
      interactions.map((interaction) => ({ interaction, offset: null })),
      null,
    );
  const settled = async (): Promise<void> =>
    until(async () => (await query('SELECT FROM replay_request LIMIT 1')).length === 0, 30_000);
  const memoryOf = async (userId: string): Promise<unknown> => {
    const rows = await query<{ user_id: string }>(
      'SELECT user_id, state, checksum, interactions_applied, last_occurred_at FROM user_memory',
    );
    return rows.filter((row) => row.user_id === userId).map((row) => ({ ...row, user_id: '' }));
  };
  const expectCountsToEqualTheLog = async (): Promise<void> => {
    expect(await query('SELECT item_id, kind, day, count FROM item_count ORDER BY 1, 2, 3')).toEqual(
      await query(
        `SELECT item_id, kind, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM interaction GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      ),
    );
  };
  const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

  it('leaves the memory, bit for bit, of one user who did it all, and later events of the old id are the other one’s', async () => {
    const version = await promoted();
    for (const n of range(40)) await write(event(n % 3 === 0 ? session : 'ann', n), event('whole', n));
    expect(await merging.mergeUsers(tester, session, 'ann')).toEqual({ interactions: 14, duplicates: 0 });
    expect(await memoryOf('ann')).toEqual(await memoryOf('whole'));
    expect(await memoryOf(session)).toEqual([]);
    const later = [
      event(session, 41),
      event('ann', 42),
      event(session, 3),
      event('ann', 3),
      event('whole', 41),
      event('whole', 42),
    ];
    expect(await write(...later)).toEqual(['ACCEPTED', 'ACCEPTED', 'DUPLICATE', 'DUPLICATE', 'ACCEPTED', 'ACCEPTED']);
    expect(await memoryOf('ann')).toEqual(await memoryOf('whole'));
    expect(await query('SELECT DISTINCT user_id FROM interaction ORDER BY 1')).toEqual([
      { user_id: 'ann' },
      { user_id: 'whole' },
    ]);
    await expectMemoriesToEqualTheLog(database.dataSource, version);
    await expectCountsToEqualTheLog();
  });

  it('keeps one of two that say the same, and both of two that do not; what was left out stays so', async () => {
    await promoted();
    await write(event(session, 1), event(session, 2, 'same'), event(session, 3, 'other'), event(session, 4));
    await forgetting.resetMemory(tester, session);
    await write(event(session, 5), event('ann', 2, 'same'), event('ann', 6, 'other'));
    await forgetting.forgetInteractions(tester, session, {
      ids: ['e-4'],
      itemIds: null,
      kinds: null,
      from: null,
      until: null,
    });
    expect(await merging.mergeUsers(tester, session, 'ann')).toEqual({ interactions: 3, duplicates: 1 });
    await write(event('fresh', 2), event('fresh', 5), event('fresh', 6));
    expect(await memoryOf('ann')).toEqual(await memoryOf('fresh'));
    expect(await write(event(session, 4), event(session, 3, 'other'))).toEqual(['FORGOTTEN', 'DUPLICATE_DIFFERS']);
    await expectCountsToEqualTheLog();
  });

  it('loses nothing that comes at the same time under either id, before a model serves and under it', async () => {
    for (const [round, prepare] of [async (): Promise<number> => Promise.resolve(0), promoted].entries()) {
      await prepare();
      const [from, into] = [`session:${round}`, `user ${round}`];
      await write(...range(50).map((n) => event(n % 2 === 0 ? from : into, n)));
      const coming = range(40).map(async (n) => {
        const offered = [event(from, 50 + 2 * n), event(into, 51 + 2 * n)];
        for (;;) {
          try {
            return await write(...offered);
          } catch (error) {
            expect(error).toMatchObject({ retriable: true }); // as the consumer and the intake do
          }
        }
      });
      await merging.mergeUsers(tester, from, into);
      await Promise.all(coming);
      await settled();
      const counts = await query<{ count: number }>(`SELECT count(*)::int FROM interaction WHERE user_id = '${into}'`);
      expect(counts).toEqual([{ count: 130 }]);
    }
    await expectMemoriesToEqualTheLog(database.dataSource, 1);
    await expectCountsToEqualTheLog();
  }, 120_000);

  it('reaches memories that are being made meanwhile', async () => {
    const { dataSource } = database;
    await promoted(1);
    await write(...range(1_200).flatMap((user) => range(3).map((n) => event(`user ${user}`, 3 * user + n))));
    const version = await storeCheckpoint(dataSource, randomCheckpoint(items, { seed: 2, ...looking }));
    const editing: Promise<unknown>[] = [];
    await promotion.promote(version, {
      onProgress: () => editing.length === 0 && editing.push(merging.mergeUsers(tester, 'user 0', 'user 999')),
    });
    await Promise.all(editing);
    await expectMemoriesToEqualTheLog(dataSource, version);
  });

  it('follows an id through several merges, refuses one that ended, and an erasure takes all of them', async () => {
    await promoted();
    await write(event('a', 1), event('b', 2), event('c', 3));
    await merging.mergeUsers(tester, 'a', 'b');
    await merging.mergeUsers(tester, 'b', 'c');
    await write(event('a', 4), event('b', 5));
    expect(await query('SELECT user_id FROM interaction')).toEqual(range(5).map(() => ({ user_id: 'c' })));
    for (const [from, into] of [
      ['a', 'x'],
      ['x', 'b'],
      ['c', 'a'],
      ['c', 'c'],
    ] as const)
      await expect(merging.mergeUsers(tester, from, into)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(forgetting.resetMemory(tester, 'a')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await erasure.eraseUser(tester, 'c')).toMatchObject({ interactions: 5 });
    expect(await write(event('a', 6), event('b', 7), event('c', 8))).toEqual(['FORGOTTEN', 'FORGOTTEN', 'FORGOTTEN']);
    expect(await query('SELECT FROM user_merge')).toEqual([]);
    expect(await query('SELECT FROM user_memory')).toEqual([]);
    await expect(merging.mergeUsers(tester, 'x', 'a')).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'into' });
  });
});
