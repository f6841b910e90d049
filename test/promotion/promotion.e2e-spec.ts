import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { LateReplay } from '../../src/memory/late-replay.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { advisoryLock } from '../../src/storage/data-source.js';
import { addInteractions } from '../../src/storage/interaction.store.js';
import { shareMemoryVersion } from '../../src/storage/log-cut.store.js';
import { listMemoryPartitions } from '../../src/storage/memory-partition.store.js';
import { findLiveModel, findModel, setModelStatus } from '../../src/storage/model.store.js';
import { createMemoryPartition } from '../../src/storage/user-memory.store.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint, type RandomOptions } from '../random-checkpoint.js';
import { until } from '../service.js';
import { expectMemoriesToEqualTheLog, interaction, items, looking, writeEvents } from '../written-log.js';

describe('a promotion', () => {
  let database: FreshDatabase;
  let live: LiveModel;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let sent: number;
  beforeEach(async () => {
    database = await freshDatabase('promotion_spec', { DATABASE_POOL_SIZE: '12' });
    const { config, dataSource } = database;
    live = new LiveModel(config, createLogger(config), dataSource);
    promotion = new Promotion(config, createLogger(config), dataSource, live);
    replays = new LateReplay(config, createLogger(config), live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    sent = 0;
  });
  afterEach(async () => {
    await replays.onModuleDestroy();
    await database.drop();
  });

  const candidate = async (seed: number, switches: RandomOptions = looking): Promise<number> =>
    storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed, blocks: 2, ...switches }));
  const write = async (count: number, users: number): Promise<void> => {
    const first = sent;
    sent += count;
    await writeEvents(writer, first, count, users);
  };
  const liveVersion = async (): Promise<number | undefined> =>
    (await findLiveModel(database.dataSource.manager))?.version;

  it('builds all memories from the log before the first model serves', async () => {
    await write(500, 40);
    const version = await candidate(1);
    expect(await promotion.promote(version)).toEqual({ version, replaced: null });
    expect(live.current()).toMatchObject({ version });
    expect(await findModel(database.dataSource.manager, version)).toMatchObject({ status: 'LIVE' });
    await expectMemoriesToEqualTheLog(database.dataSource, version);
  });

  it('loses no interaction that arrives while it builds, catches up and switches', async () => {
    await write(6_000, 700);
    const [first, second] = [await candidate(1), await candidate(2)];
    for (const version of [first, second]) {
      const isSwitched = new AbortController();
      let written = 0;
      const keepWriting = async (): Promise<void> => {
        while (!isSwitched.signal.aborted) {
          await write(60, 700);
          written += 60;
        }
        await write(60, 700); // under the new version
      };
      const writers = [keepWriting(), keepWriting()];
      const phases = new Set<string>();
      await promotion.promote(version, { onProgress: (phase) => phases.add(phase) });
      isSwitched.abort();
      await Promise.all(writers);
      expect(written).toBeGreaterThan(200);
      expect([...phases]).toEqual(['REBUILDING', 'SWITCHING']);
      await expectMemoriesToEqualTheLog(database.dataSource, version);
    }
    const rows: { count: number }[] = await database.dataSource.query('SELECT count(*)::int FROM interaction');
    expect(rows[0]?.count).toBe(sent);
    expect(await findModel(database.dataSource.manager, first)).toMatchObject({ status: 'RETIRED' });
  });

  it('waits for a writer whose event has a lower arrival number than one that is visible already', async () => {
    await write(50, 10);
    const version = await candidate(1);
    const insert = async (tx: EntityManager, n: number): Promise<void> => {
      await shareMemoryVersion(tx, database.config.databaseSchema);
      await addInteractions(tx, [interaction(n, 10)]);
    };
    const slow = database.dataSource.transaction(async (tx) => {
      await insert(tx, 1_000);
      await sleep(700);
    });
    await sleep(100);
    await database.dataSource.transaction(async (tx) => insert(tx, 1_001));
    await promotion.promote(version);
    await slow;
    await expectMemoriesToEqualTheLog(database.dataSource, version);
  });

  it('leaves the old version serving, and nothing of the new one, when it is stopped in the middle', async () => {
    await write(2_000, 600);
    const [first, second] = [await candidate(1), await candidate(2)];
    await promotion.promote(first);
    const stop = new AbortController();
    const stopped = promotion.promote(second, {
      signal: stop.signal,
      onProgress: () => {
        stop.abort(new Error('stopped by the test'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped by the test');
    expect(await liveVersion()).toBe(first);
    expect(await findModel(database.dataSource.manager, second)).toMatchObject({ status: 'CANDIDATE' });
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual([first]);
    await write(100, 600);
    await expectMemoriesToEqualTheLog(database.dataSource, first);
    expect(await promotion.promote(second)).toEqual({ version: second, replaced: first });
    await expectMemoriesToEqualTheLog(database.dataSource, second);
  });

  it('does not switch when what belongs to the switch fails', async () => {
    await write(50, 10);
    const version = await candidate(1);
    const failing = promotion.promote(version, {
      alongside: async () => {
        throw new Error('the run was cancelled');
      },
    });
    await expect(failing).rejects.toThrow('the run was cancelled');
    expect(await liveVersion()).toBeUndefined();
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual([]);
  });

  it('refuses damaged weights before it builds anything', async () => {
    const version = await candidate(1);
    await database.dataSource.query(`UPDATE model_chunk SET bytes = bytes || '\\x00'`);
    await expect(promotion.promote(version)).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' });
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual([]);
  });

  it('runs once when two are asked for at the same time', async () => {
    await write(300, 100);
    const versions = [await candidate(1), await candidate(2)];
    const outcomes = await Promise.allSettled(versions.map(async (version) => promotion.promote(version)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'PROMOTION_UNDER_WAY' },
    });
    await expectMemoriesToEqualTheLog(database.dataSource, (await liveVersion()) ?? 0);
  });

  it('leaves the next rebuild alone when it lost its lock without knowing it', async () => {
    const { config, dataSource } = database;
    await write(600, 40);
    const version = await candidate(1);
    await promotion.promote(version);
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await shareMemoryVersion(other.manager, config.databaseSchema); // both wait for it where they begin to build
    const pids = async (lock: number, isGranted: boolean): Promise<readonly number[]> => {
      const rows = await dataSource.query<{ pid: number }[]>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = hashtext($2)::oid AND granted = $3`,
        [lock, config.databaseSchema, isGranted],
      );
      return rows.map(({ pid }) => pid);
    };
    const wait = async (count: number): Promise<void> =>
      until(async () => (await pids(advisoryLock.memoryVersion, false)).length === count, 30_000);
    const first = promotion.rebuild();
    const isFirstLost = expect(first).rejects.toThrow();
    await wait(1);
    for (const pid of await pids(advisoryLock.promotion, true))
      await dataSource.query('SELECT pg_terminate_backend($1, 10000)', [pid]);
    const second = promotion.rebuild();
    await wait(2);
    await other.commitTransaction();
    await other.release();
    await isFirstLost;
    expect(await second).toBe(version);
    await expectMemoriesToEqualTheLog(dataSource, version);
  });

  it('keeps the memories of the replaced version and drops older ones', async () => {
    await write(50, 10);
    const versions = [await candidate(1), await candidate(2), await candidate(3)];
    for (const version of versions) await promotion.promote(version);
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual(versions.slice(1));
  });

  it('brings the replaced version back, with what arrived since', async () => {
    await write(200, 50);
    const [first, second] = [await candidate(1), await candidate(2)];
    await promotion.promote(first);
    await promotion.promote(second);
    await write(200, 60);
    expect(await promotion.promote(first)).toEqual({ version: first, replaced: second });
    await expectMemoriesToEqualTheLog(database.dataSource, first);
    expect(await findModel(database.dataSource.manager, second)).toMatchObject({ status: 'RETIRED' });
  });

  it('finishes what an interrupted removal of old memories left', async () => {
    const [first, second] = [await candidate(1), await candidate(2)];
    await database.dataSource.query('CREATE TABLE user_memory_77 (LIKE user_memory)');
    await promotion.promote(first);
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual([first]);
    await promotion.promote(second);
    expect(await listMemoryPartitions(database.dataSource.manager)).toEqual([first, second]);
  });

  it('finishes a removal that was interrupted while readers held it up, before it removes others', async () => {
    const { dataSource } = database;
    const [left, first, second, halfRemoved] = [
      await candidate(1),
      await candidate(2),
      await candidate(3),
      await candidate(4),
    ];
    await promotion.promote(first);
    for (const version of [left, halfRemoved])
      await dataSource.transaction(async (tx) => createMemoryPartition(tx, version));
    const [reader, remover] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
    await reader.startTransaction();
    await reader.query('SELECT count(*) FROM user_memory');
    await remover.query(`SET statement_timeout = 500`);
    await expect(
      remover.query(`ALTER TABLE user_memory DETACH PARTITION user_memory_${halfRemoved} CONCURRENTLY`),
    ).rejects.toThrow('timeout');
    await remover.query(`RESET statement_timeout`);
    await reader.commitTransaction();
    await Promise.all([reader.release(), remover.release()]);

    await promotion.promote(second);
    expect(await listMemoryPartitions(dataSource.manager)).toEqual([first, second]);
  });

  it('refuses a version that the gate refused, and one that does not exist', async () => {
    const version = await candidate(1);
    await setModelStatus(database.dataSource.manager, version, 'REJECTED');
    await expect(promotion.promote(version)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(promotion.promote(1_000_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
