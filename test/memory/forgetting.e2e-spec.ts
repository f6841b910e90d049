import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Verdict } from '../../src/memory/verdict.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { LogEdits } from '../../src/memory/log-edit.js';
import { verifyMemories } from '../../src/memory/memory-verify.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import type { Interaction } from '../../src/model/interaction.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import { Promotion } from '../../src/promotion/promotion.js';
import type { InteractionSelection } from '../../src/storage/interaction-edit.store.js';
import { readLog } from '../../src/storage/training-snapshot.store.js';
import { createLogger } from '../../src/telemetry.js';
import { tester } from '../actor.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { until } from '../service.js';
import { expectMemoriesToEqualTheLog, items, looking } from '../written-log.js';

const start = Date.UTC(2026, 0, 1);
const all: InteractionSelection = { ids: null, itemIds: null, kinds: null, from: null, until: null };

describe('forgetting interactions', () => {
  let database: FreshDatabase;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let forgetting: Forgetting;
  let live: LiveModel;
  beforeEach(async () => {
    database = await freshDatabase('forgetting_spec', { DATABASE_POOL_SIZE: '14' });
    const { config, dataSource } = database;
    const logger = createLogger(config);
    live = new LiveModel(config, logger, dataSource);
    promotion = new Promotion(config, logger, dataSource, live);
    replays = new LateReplay(config, logger, live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    forgetting = new Forgetting(config, new LogEdits(config, logger, live, dataSource, replays));
  });
  afterEach(async () => {
    await replays.onModuleDestroy();
    await database.drop();
  });

  const promoted = async (seed = 1): Promise<number> => {
    const version = await storeCheckpoint(
      database.dataSource,
      randomCheckpoint(items, { seed, blocks: 2, ...looking }),
    );
    await promotion.promote(version);
    return version;
  };
  const query = async <R>(sql: string, parameters: unknown[] = []): Promise<R[]> =>
    database.dataSource.query(sql, parameters);
  const event = (userId: string, n: number, second = n): Interaction => ({
    ...{ id: `e-${n}`, userId, itemId: items[(7 * n) % items.length] ?? '', kind: ['view', 'cart'][n % 2] ?? '' },
    ...{ occurredAt: start + 1_000 * second, value: null, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (...interactions: readonly Interaction[]): Promise<readonly Verdict[]> =>
    writer.apply(
      interactions.map((interaction) => ({ interaction, offset: null })),
      null,
    );
  const settled = async (): Promise<void> =>
    until(async () => (await query('SELECT FROM replay_request LIMIT 1')).length === 0, 30_000);
  const memoryOf = async (userId: string): Promise<unknown> => {
    const rows = await query(
      'SELECT state, checksum, interactions_applied, last_occurred_at FROM user_memory WHERE user_id = $1',
      [userId],
    );
    expect(rows).toHaveLength(1);
    return rows[0];
  };
  const expectCountsToEqualTheLog = async (): Promise<void> => {
    expect(await query('SELECT item_id, kind, day, count FROM item_count ORDER BY 1, 2, 3')).toEqual(
      await query(
        `SELECT item_id, kind, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM interaction GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      ),
    );
  };
  const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

  it('leaves the memory, bit for bit, and the counts of a user who never had them', async () => {
    await promoted();
    const isKept = (n: number): boolean => n % 3 !== 0;
    await write(...range(60).map((n) => event('ann', n)));
    await write(
      ...range(60)
        .filter(isKept)
        .map((n) => event('fresh', n)),
    );
    const ids = range(60)
      .filter((n) => !isKept(n))
      .map((n) => `e-${n}`);
    expect(await forgetting.forgetInteractions(tester, 'ann', { ...all, ids: [...ids, 'e-999', 'e-0'] })).toEqual({
      count: 20,
      missing: ['e-999'],
    });
    expect(await memoryOf('ann')).toEqual(await memoryOf('fresh'));
    await write(event('ann', 70), event('fresh', 70));
    expect(await memoryOf('ann')).toEqual(await memoryOf('fresh'));
    await expectCountsToEqualTheLog();
  });

  it('goes by item, kind and time, all that are given', async () => {
    const version = await promoted();
    await write(...range(60).map((n) => event('ann', n)));
    const selection = { ...all, kinds: ['cart'], from: new Date(start + 10_000), until: new Date(start + 20_000) };
    expect((await forgetting.forgetInteractions(tester, 'ann', selection)).count).toBe(5); // 11, 13, ... 19
    const itemIds = [items[0] ?? '', items[7] ?? ''];
    expect((await forgetting.forgetInteractions(tester, 'ann', { ...all, itemIds })).count).toBe(4); // 0, 30 and 1, 31
    expect((await forgetting.forgetInteractions(tester, 'ann', { ...all, until: new Date(start + 5_000) })).count).toBe(
      3,
    );
    await expectMemoriesToEqualTheLog(database.dataSource, version);
    expect(await query('SELECT count(*)::int FROM interaction')).toEqual([{ count: 48 }]);
    await expect(forgetting.forgetInteractions(tester, 'ann', all)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await forgetting.forgetInteractions(tester, 'ann', { ...all, from: new Date(0) })).count).toBe(48);
    expect(await memoryOf('ann')).toMatchObject({ interactions_applied: '0', last_occurred_at: null });
  });

  it('writes nothing where there is nothing to forget, and nothing of another user', async () => {
    await promoted();
    await write(...range(10).map((n) => event('ann', n)), event('bob', 11));
    const before = await query('SELECT * FROM user_memory ORDER BY user_id');
    expect(await forgetting.forgetInteractions(tester, 'ann', { ...all, ids: [] })).toEqual({ count: 0, missing: [] });
    const missing = ['e-11', 'nothing'];
    expect(await forgetting.forgetInteractions(tester, 'ann', { ...all, ids: missing })).toEqual({ count: 0, missing });
    expect(await forgetting.forgetInteractions(tester, 'nobody', { ...all, kinds: ['view'] })).toEqual({
      count: 0,
      missing: [],
    });
    expect(await query('SELECT * FROM user_memory ORDER BY user_id')).toEqual(before);
    expect(await query('SELECT FROM forgotten_interaction')).toEqual([]);
  });

  it('does not take again what was forgotten, before a model serves and under it', async () => {
    for (const prepare of [async (): Promise<number> => Promise.resolve(0), promoted]) {
      await prepare();
      await write(...range(6).map((n) => event('ann', n)));
      await forgetting.forgetInteractions(tester, 'ann', { ...all, ids: ['e-2', 'e-4'] });
      expect(await write(event('ann', 2), event('ann', 3), event('bob', 4), event('ann', 4))).toEqual([
        'FORGOTTEN',
        'DUPLICATE',
        'ACCEPTED',
        'FORGOTTEN',
      ]);
      await expectCountsToEqualTheLog();
      await forgetting.forgetInteractions(tester, 'bob', { ...all, ids: ['e-4'] });
      await query('DELETE FROM forgotten_interaction');
    }
    const log = await query<{ id: string }>(`SELECT id FROM interaction WHERE user_id = 'ann' ORDER BY arrival`);
    expect(log.map(({ id }) => id)).toEqual(['e-0', 'e-1', 'e-3', 'e-5']);
  });

  it('keeps no id of what was forgotten, and says so when the key is another one', async () => {
    await write(event('ann', 2), event('ann', 3));
    await forgetting.forgetInteractions(tester, 'ann', { ...all, ids: ['e-2'] });
    const rows = await query<{ hash: Buffer }>('SELECT hash FROM forgotten_interaction');
    expect(rows.map(({ hash }) => hash.length)).toEqual([32]);
    const { config, dataSource } = database;
    const other = { ...config, erasureKey: 'x'.repeat(40) };
    const otherWriter = new MemoryWriter(other, live, dataSource, replays);
    const again = [{ interaction: event('ann', 2), offset: null }];
    await expect(otherWriter.apply(again, null)).rejects.toMatchObject({ code: 'ERASURE_KEY_OTHER' });
  });

  it('leaves what an in-order replay gives while events of the same users come in, late ones too', async () => {
    const version = await promoted();
    const users = ['ann', 'bob'];
    await write(...range(600).map((n) => event(users[n % 2] ?? '', n)));
    let next = 600;
    let isOver = false;
    const keepWriting = async (): Promise<void> => {
      while (!isOver) {
        const n = next++;
        await write(event(users[n % 2] ?? '', n, n % 5 === 0 ? n - 300 : n), event('ann', next++));
      }
    };
    const forget = async (userId: string, offset: number): Promise<number> => {
      let count = 0;
      for (let turn = 0; turn < 8; turn++) {
        const ids = range(30).map((n) => `e-${offset + 60 * turn + 2 * n}`);
        count += (await forgetting.forgetInteractions(tester, userId, { ...all, ids })).count;
        count += (await forgetting.forgetInteractions(tester, userId, { ...all, itemIds: [items[turn] ?? ''] })).count;
      }
      return count;
    };
    const writing = [keepWriting(), keepWriting()];
    const forgotten = await Promise.all([forget('ann', 0), forget('ann', 480), forget('bob', 1)]);
    isOver = true;
    await Promise.all(writing);
    await settled();
    expect(Math.min(...forgotten)).toBeGreaterThan(0);
    expect(next).toBeGreaterThan(620);
    await expectMemoriesToEqualTheLog(database.dataSource, version);
    await expectCountsToEqualTheLog();
  }, 120_000);

  it('is done one after the other where several are asked for at once', async () => {
    const version = await promoted();
    await write(...range(200).map((n) => event('ann', n)));
    for (let round = 0; round < 5; round++) {
      const ids = range(5).map((n) => [`e-${40 * round + n}`, `e-${40 * round + 20 + n}`]);
      await Promise.all(ids.map(async (some) => forgetting.forgetInteractions(tester, 'ann', { ...all, ids: some })));
      await expectMemoriesToEqualTheLog(database.dataSource, version);
    }
  });

  it('a reset leaves what a user would have who began then, in rebuilds, late replays and trainings too', async () => {
    await write(...range(10).map((n) => event('ann', n)));
    expect(await forgetting.resetMemory(tester, 'ann')).toBe(10); // before a model serves
    expect(await forgetting.resetMemory(tester, 'ann')).toBe(0);
    await write(...range(30).map((n) => event('ann', n + 10)), event('bob', 3));
    const version = await promoted();
    for (const n of range(30)) await write(event('fresh', n + 10));
    expect(await memoryOf('ann')).toEqual(await memoryOf('fresh'));

    expect(await forgetting.resetMemory(tester, 'ann')).toBe(30);
    expect(await memoryOf('ann')).toMatchObject({ interactions_applied: '0', last_occurred_at: null });
    expect(await forgetting.resetMemory(tester, 'ann')).toBe(0);
    expect(await forgetting.resetMemory(tester, 'nobody')).toBe(0);
    const later = [event('new', 50), event('new', 51, 1), event('new', 52), event('new', 53, 51)]; // late ones, older than the reset too
    for (const one of later) await write(one, { ...one, userId: 'ann' });
    await settled();
    expect(await memoryOf('ann')).toEqual(await memoryOf('new'));
    const network = await loadNetwork(database.dataSource.manager, version);
    const differences: string[] = [];
    await verifyMemories(database.dataSource, version, network, null, (difference, userId) =>
      differences.push(`${difference} ${userId}`),
    );
    expect(differences).toEqual([]);
    await promotion.rebuild();
    expect(await memoryOf('ann')).toEqual(await memoryOf('new'));
    const learned: string[] = [];
    for await (const page of readLog(database.dataSource.manager, 10_000n, 7))
      learned.push(...page.filter((row) => row.user_id === 'ann').map((row) => row.item_id));
    expect(learned).toEqual([51, 50, 53, 52].map((n) => event('ann', n).itemId));
    expect(await query(`SELECT FROM interaction WHERE user_id = 'ann'`)).toHaveLength(44);
    await expectCountsToEqualTheLog();
  });

  it('a reset while events come in leaves out exactly what had arrived', async () => {
    const version = await promoted();
    await write(...range(200).map((n) => event('ann', n)));
    let next = 200;
    let isOver = false;
    const keepWriting = async (): Promise<void> => {
      while (!isOver) await write(event('ann', next++), event('ann', next++ - 50));
    };
    const writing = [keepWriting(), keepWriting()];
    for (let turn = 0; turn < 6; turn++) {
      await forgetting.resetMemory(tester, 'ann');
      await sleep(20);
    }
    isOver = true;
    await Promise.all(writing);
    await settled();
    const network = await loadNetwork(database.dataSource.manager, version);
    const found: string[] = [];
    await verifyMemories(database.dataSource, version, network, null, (difference) => found.push(difference));
    expect(found).toEqual([]);
    const left = await query<{ wrong: boolean }>(
      `SELECT max(arrival) FILTER (WHERE NOT remembered) > min(arrival) FILTER (WHERE remembered) AS wrong FROM interaction`,
    );
    expect(left).toEqual([{ wrong: false }]);
  }, 120_000);

  it('is not undone by the replay of a late event that began before', async () => {
    const version = await promoted();
    await write(...range(20).map((n) => event('ann', n)));
    const holder = database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`SELECT FROM user_memory WHERE user_id = 'ann' FOR UPDATE`);
    const waiting = async (count: number): Promise<void> =>
      until(async () => {
        const rows = await query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%user_memory%FOR UPDATE'`,
        );
        return rows[0]?.n === count;
      }, 30_000);
    const forgotten = forgetting.forgetInteractions(tester, 'ann', { ...all, ids: ['e-5'] });
    await waiting(1);
    await query(`INSERT INTO replay_request (user_id) VALUES ('ann')`);
    replays.wake();
    await waiting(2);
    await holder.rollbackTransaction();
    await holder.release();
    expect((await forgotten).count).toBe(1);
    await settled();
    await replays.onModuleDestroy();
    await expectMemoriesToEqualTheLog(database.dataSource, version);
  });

  it('reaches memories that are being made meanwhile, though nothing arrives behind it', async () => {
    const { dataSource } = database;
    await promoted();
    await write(...range(1_500).flatMap((user) => range(3).map((n) => event(`user ${user}`, 3 * user + n))));
    const version = await storeCheckpoint(dataSource, randomCheckpoint(items, { seed: 2, blocks: 2, ...looking }));
    const forgotten: Promise<unknown>[] = [];
    const forget = async (): Promise<unknown> =>
      Promise.all(
        ['user 0', 'user 1', 'user 10'].map(async (userId) =>
          forgetting.forgetInteractions(tester, userId, { ...all, kinds: ['view'] }),
        ),
      );
    await promotion.promote(version, { onProgress: () => forgotten.length === 0 && forgotten.push(forget()) });
    await Promise.all(forgotten);
    await expectMemoriesToEqualTheLog(dataSource, version);
    expect(await query('SELECT FROM memory_edit')).toEqual([]);
  });

  it('reaches memories that are being made meanwhile, and leaves none under versions that do not serve', async () => {
    const users = range(400).map((n) => `user ${n}`);
    const history = users.flatMap((userId, user) => range(6).map((n) => event(userId, 10 * user + n)));
    await write(...history);
    const versions: number[] = [];
    for (const seed of [1, 2, 3]) {
      let isOver = false;
      const forget = async (): Promise<void> => {
        for (let turn = 0; !isOver; turn++) {
          const userId = users[(97 * turn + seed) % users.length] ?? '';
          await forgetting.forgetInteractions(tester, userId, { ...all, kinds: [['view', 'cart'][turn % 2] ?? ''] });
          await write(event(userId, 100_000 * seed + turn));
          await sleep(2);
        }
      };
      const editing = forget();
      versions.push(await promoted(seed));
      isOver = true;
      await editing;
      await settled();
      await query('DELETE FROM user_memory WHERE interactions_applied = 0');
      await expectMemoriesToEqualTheLog(database.dataSource, versions.at(-1) ?? 0);
      expect(await query('SELECT FROM memory_edit')).toEqual([]);
    }
    await forgetting.forgetInteractions(tester, 'user 1', { ...all, from: new Date(0) });
    await expectCountsToEqualTheLog();
    const kept = await query<{ version: number; applied: string }>(
      `SELECT model_version AS version, interactions_applied AS applied FROM user_memory WHERE user_id = 'user 1'`,
    );
    expect(kept).toEqual([{ version: versions[2], applied: '0' }]);
  }, 240_000);
});
