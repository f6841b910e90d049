import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LateReplay } from '../../src/memory/late-replay.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import type { NetworkSource } from '../../src/memory/network-source.js';
import type { Interaction } from '../../src/model/interaction.js';
import type { Network } from '../../src/model/network.js';
import { encodeState } from '../../src/model/user-state.js';
import { ReplayRequestEntity } from '../../src/storage/replay-request.entity.js';
import { requestReplay, waitingForReplay } from '../../src/storage/replay-request.store.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { liveNetwork, until } from '../service.js';

const items = Array.from({ length: 20 }, (_, n) => `item ${n}`);
const start = Date.UTC(2026, 0, 1);

describe('events that come late', () => {
  let database: FreshDatabase;
  let network: Network;
  let networks: NetworkSource;
  /** of two processes */
  let replays: readonly LateReplay[];
  let writers: readonly MemoryWriter[];
  beforeEach(async () => {
    database = await freshDatabase('late_events_spec', { DATABASE_POOL_SIZE: '12' });
    const { config, dataSource } = database;
    network = await liveNetwork(database, items);
    const live = { version: 1, network, since: new Date() };
    networks = {
      ...{ current: () => live, forUser: () => live, serving: () => [live] },
      refresh: async () => Promise.resolve(live),
    };
    replays = [1, 2].map(() => new LateReplay(config, createLogger(config), networks, dataSource));
    writers = replays.map((replay) => new MemoryWriter(config, networks, dataSource, replay));
  });
  afterEach(async () => {
    for (const replay of replays) await replay.onModuleDestroy();
    await database.drop();
  });

  const event = (userId: string, n: number, second: number): Interaction => ({
    ...{ id: `e-${n}`, userId, itemId: items[(7 * n) % items.length] ?? '', kind: 'view', value: null },
    ...{ occurredAt: start + 1_000 * second, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (process: number, ...interactions: readonly Interaction[]): Promise<void> => {
    await writers[process]?.apply(
      interactions.map((interaction) => ({ interaction, offset: null })),
      null,
    );
  };
  const isReplayed = async (): Promise<boolean> =>
    !(await database.dataSource.getRepository(ReplayRequestEntity).exists());
  const memoryOf = async (userId: string): Promise<{ state: Buffer; applied: number } | undefined> => {
    const rows: { state: Buffer; applied: number }[] = await database.dataSource.query(
      'SELECT state, interactions_applied::int AS applied FROM user_memory WHERE user_id = $1',
      [userId],
    );
    return rows[0];
  };
  const memoryByLog = async (userId: string): Promise<{ state: Buffer; applied: number }> => {
    const log: { itemId: string }[] = await database.dataSource.query(
      'SELECT item_id AS "itemId" FROM interaction WHERE user_id = $1 ORDER BY occurred_at, arrival',
      [userId],
    );
    const rows = log.map(({ itemId }) => network.vocabulary.rowOf(itemId));
    return { state: encodeState(network.trace(rows).state), applied: rows.length };
  };

  it('leave the memories of in-order arrival, whoever writes and replays at the same time', async () => {
    const users = ['ann', 'bob', 'cem'];
    const writing = [0, 1].map(async (process) => {
      for (let n = 0; n < 150; n++) {
        const number = 2 * n + process;
        const late = n % 4 === 3 ? 40 : 0;
        await write(process, event(users[number % users.length] ?? '', number, number - late));
      }
    });
    await Promise.all(writing);
    await until(isReplayed, 30_000);
    for (const userId of users) {
      const memory = await memoryByLog(userId);
      expect(memory.applied).toBe(100);
      expect(await memoryOf(userId)).toEqual(memory);
    }
  });

  it('leave the rest of their batch where it belongs until they are replayed', async () => {
    await write(0, event('ann', 1, 100));
    const holder = database.dataSource.createQueryRunner();
    await holder.query('SELECT pg_advisory_lock(7381006, hashtext($1))', [database.config.databaseSchema]);
    await write(0, event('ann', 2, 50), event('ann', 3, 120), event('ann', 4, 90));
    expect(await memoryOf('ann')).toEqual({
      state: encodeState(network.trace([1, 3].map((n) => network.vocabulary.rowOf(event('ann', n, 0).itemId))).state),
      applied: 2,
    });
    expect(await isReplayed()).toBe(false);
    await holder.query('SELECT pg_advisory_unlock(7381006, hashtext($1))', [database.config.databaseSchema]);
    await holder.release();
    replays[1]?.wake();
    await until(isReplayed, 30_000);
    expect(await memoryOf('ann')).toEqual(await memoryByLog('ann'));
    expect((await memoryOf('ann'))?.applied).toBe(4);
  });

  it('do not hold up the others while a replay waits', async () => {
    await write(0, event('ann', 1, 100), event('bob', 2, 100));
    const holder = database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await write(0, event('ann', 3, 50));
    await holder.query(`SELECT FROM user_memory WHERE user_id = 'ann' FOR UPDATE`);
    await write(1, event('bob', 4, 50), event('bob', 5, 130));
    await write(0, event('bob', 6, 140));
    expect((await memoryOf('bob'))?.applied).toBeGreaterThanOrEqual(3);
    await holder.rollbackTransaction();
    await holder.release();
    replays[0]?.wake();
    await until(isReplayed, 30_000);
    for (const userId of ['ann', 'bob']) expect(await memoryOf(userId)).toEqual(await memoryByLog(userId));
  });

  it('are replayed by another process when the one that wrote them is gone', async () => {
    await write(0, event('ann', 1, 100), event('ann', 2, 110));
    await database.dataSource.query(`UPDATE user_memory SET state = set_byte(state, 3, get_byte(state, 3) # 1)`);
    await requestReplay(database.dataSource.manager, ['ann', 'nobody']);
    replays[1]?.onApplicationBootstrap();
    await until(isReplayed, 30_000);
    expect(await memoryOf('ann')).toEqual(await memoryByLog('ann'));
  });

  it('wait in the lane of their history, which nobody looks at again to find who is next', async () => {
    const { dataSource } = database;
    await dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT user_id, 'e-' || n, 'item 1', 'view', now()
         FROM (VALUES ('ann', 5000), ('bob', 5001), ('cy', 1)) AS u(user_id, count), generate_series(1, count) AS n`,
    );
    await requestReplay(dataSource.manager, ['ann', 'bob', 'cy', 'nobody']);
    await dataSource.transaction(async (tx) => {
      const looks = async (): Promise<number | undefined> => {
        const [row] = await tx.query<{ count: number }[]>(
          `SELECT (seq_scan + idx_scan)::int AS count FROM pg_stat_xact_user_tables WHERE relid = 'interaction'::regclass`,
        );
        return row?.count;
      };
      const before = await looks();
      expect(await waitingForReplay(tx, false, 10)).toEqual(['ann', 'cy', 'nobody']);
      expect(await waitingForReplay(tx, true, 10)).toEqual(['bob']);
      expect(await looks()).toBe(before);
    });
  });

  it('do not change the lane of one who waits already', async () => {
    const { manager } = database.dataSource;
    await requestReplay(manager, ['ann']);
    await manager.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT 'ann', 'e-' || n, 'item 1', 'view', now() FROM generate_series(1, 5001) AS n`,
    );
    await requestReplay(manager, ['ann', 'bob']);
    expect(await waitingForReplay(manager, false, 10)).toEqual(['ann', 'bob']);
    expect(await waitingForReplay(manager, true, 10)).toEqual([]);
  });
});
