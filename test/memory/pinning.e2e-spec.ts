import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LateReplay } from '../../src/memory/late-replay.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { LogEdits } from '../../src/memory/log-edit.js';
import { verifyMemories } from '../../src/memory/memory-verify.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { Merging } from '../../src/memory/merging.js';
import { longestReplay, sequenceOf, statesWithout, trace } from '../../src/memory/trace.js';
import { SlotPinning } from '../../src/memory/slot-pinning.js';
import { decodeState, encodeState } from '../../src/model/user-state.js';
import type { Interaction } from '../../src/model/interaction.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import type { InteractionSelection } from '../../src/storage/interaction-edit.store.js';
import { readMemories } from '../../src/storage/user-memory-read.store.js';
import { createLogger } from '../../src/telemetry.js';
import { tester } from '../actor.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { expectPinnedMemories, pinnedLog, slotBytes } from '../pinned-replay.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { until } from '../service.js';
import { items, looking } from '../written-log.js';

const main = fileURLToPath(new URL('../../dist/src/cli/recollect.js', import.meta.url));
const start = Date.UTC(2026, 0, 1);
const all: InteractionSelection = { ids: null, itemIds: null, kinds: null, from: null, until: null };
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

// One network that looks at kinds and gaps, so that a replay reads them, and one that does not.
describe.each([
  ['kinds and gaps', { blocks: 2, slots: 3, ...looking }],
  ['items alone', { slots: 3 }],
])('pinning slots under a model of %s', (_, options) => {
  let database: FreshDatabase;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let forgetting: Forgetting;
  let merging: Merging;
  let pinning: SlotPinning;
  let version: number;
  beforeEach(async () => {
    database = await freshDatabase('pinning_spec', { DATABASE_POOL_SIZE: '14' });
    const { config, dataSource } = database;
    const logger = createLogger(config);
    const live = new LiveModel(config, logger, dataSource);
    promotion = new Promotion(config, logger, dataSource, live);
    replays = new LateReplay(config, logger, live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    const edits = new LogEdits(config, logger, live, dataSource, replays);
    forgetting = new Forgetting(config, edits);
    merging = new Merging(config, edits);
    pinning = new SlotPinning(config, logger, live, dataSource);
    version = await promoted(1);
  });
  afterEach(async () => {
    await replays.onModuleDestroy();
    await database.drop();
  });

  const promoted = async (seed: number): Promise<number> => {
    const stored = await storeCheckpoint(database.dataSource, randomCheckpoint(items, { seed, ...options }));
    await promotion.promote(stored);
    return stored;
  };
  const event = (userId: string, n: number, second = n): Interaction => ({
    ...{ id: `e-${n}`, userId, itemId: items[(7 * n) % items.length] ?? '', kind: ['view', 'cart'][n % 2] ?? '' },
    ...{ occurredAt: start + 1_000 * second, value: null, sessionId: null, recommendationId: null, properties: null },
  });
  const write = async (...interactions: readonly Interaction[]): Promise<void> => {
    const offered = interactions.map((interaction) => ({ interaction, offset: null }));
    expect(await writer.apply(offered, null)).toEqual(interactions.map(() => 'ACCEPTED'));
  };
  const expectAllRight = async (): Promise<void> => {
    const { dataSource } = database;
    await expectPinnedMemories(dataSource, version);
    const network = await loadNetwork(dataSource.manager, version);
    const found: string[] = [];
    await verifyMemories(dataSource, version, network, null, (difference, userId) => {
      found.push(`${userId} ${difference}`);
    });
    expect(found).toEqual([]);
  };
  const pinnedEvents = async (): Promise<number> =>
    (await pinnedLog(database.dataSource, version)).flatMap(({ events }) =>
      events.filter(({ pinned }) => pinned.length > 0),
    ).length;
  const slotOf = async (userId: string, slot: number): Promise<string> => {
    const network = await loadNetwork(database.dataSource.manager, version);
    const [row]: { state: Buffer }[] = await database.dataSource.query(
      'SELECT state FROM user_memory WHERE user_id = $1 AND model_version = $2',
      [userId, version],
    );
    return slotBytes(network, row?.state ?? Buffer.alloc(0), slot);
  };

  it('holds against a writer that knows the memory from before, as the owner of a partition does', async () => {
    const { dataSource } = database;
    const { ownerEpoch } = await claimPartition(dataSource.manager, 'topic', 0, 0n);
    const consume = async (n: number): Promise<void> => {
      const offset = BigInt(n);
      const position = { topic: 'topic', partition: 0, ownerEpoch, startOffset: offset, endOffset: offset + 1n };
      expect(await writer.apply([{ interaction: event('ann', n), offset }], position)).toEqual(['ACCEPTED']);
    };
    for (const n of range(4)) await consume(n);
    const before = await slotOf('ann', 1);
    const holder = dataSource.createQueryRunner(); // of the key that the writer is about to add, when it has asked for pins
    await holder.startTransaction();
    await holder.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at) VALUES ('ann', 'e-4', 'x', 'view', now())`,
    );
    const held = consume(4);
    await until(async () => {
      const rows: unknown[] = await dataSource.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO interaction%'`,
      );
      return rows.length === 1;
    }, 30_000);
    await pinning.pinSlot(tester, 'ann', 1);
    await holder.rollbackTransaction();
    await holder.release();
    await held;
    for (const n of [5, 6]) await consume(n);
    expect(await slotOf('ann', 1)).toBe(before);
    await pinning.pinSlot(tester, 'ann', 1, false);
    await consume(7);
    expect(await slotOf('ann', 1)).not.toBe(before);
    await expectAllRight();
  });

  it('asks nobody who has no pin for pins', async () => {
    await write(event('ann', 0), event('bob', 0));
    await pinning.pinSlot(tester, 'bob', 0);
    const asked: string[] = [];
    const { logger } = database.dataSource;
    Object.assign(database.dataSource, {
      logger: { ...logger, logQuery: (sql: string) => asked.push(sql) },
    });
    await write(event('ann', 1));
    expect(asked.filter((sql) => sql.includes('from_arrival'))).toEqual([]);
    await write(event('bob', 1));
    expect(asked.filter((sql) => sql.includes('from_arrival'))).toHaveLength(1);
  });

  it('is in the trace of a history that is longer than a trace goes back, as it is in the memory', async () => {
    await write(event('ann', 0), event('ann', 1));
    await pinning.pinSlot(tester, 'ann', 1);
    for (const turn of range(5)) await write(...range(1_010).map((n) => event('ann', 10 + 1_010 * turn + n)));
    const network = await loadNetwork(database.dataSource.manager, version);
    const { steps, start } = await sequenceOf(database.dataSource.manager, 'ann', { version, network });
    expect(steps).toHaveLength(longestReplay);
    const { state, attention, gates } = await trace(network, steps, start);
    expect(slotBytes(network, encodeState(state), 1)).toBe(await slotOf('ann', 1));
    const [stored] = await readMemories(database.dataSource.manager, version, ['ann']);
    const held = network.attention(decodeState(network.dimensions, stored?.state ?? Buffer.alloc(0)));
    expect([...attention]).toEqual(Array.from(held, (share) => expect.closeTo(share, 6)));
    expect(gates.every((gate) => gate[1] === 1)).toBe(true);
    const without = await statesWithout(network, steps, new Set([10]), start);
    const [other] = without.values();
    expect(slotBytes(network, encodeState(other ?? state), 1)).toBe(await slotOf('ann', 1));
  });

  it('is replayed alike by rebuilds, in threads too, and under another model not at all', async () => {
    const users = range(40).map((n) => `user ${n}`);
    await write(...users.flatMap((userId, user) => range(6).map((n) => event(userId, 10 * user + n, n))));
    for (const [user, userId] of users.entries()) if (user % 3 === 0) await pinning.pinSlot(tester, userId, user % 2);
    await write(...users.flatMap((userId, user) => range(6).map((n) => event(userId, 1_000 + 10 * user + n, n + 4))));
    await expectAllRight();
    expect(await pinnedEvents()).toBeGreaterThan(40);
    expect(await promotion.rebuild()).toBe(version);
    await expectAllRight();
    const { config } = database;
    const { status } = spawnSync(process.execPath, [main, 'memory', 'rebuild', '--threads', '2'], {
      env: { PATH: process.env.PATH, DATABASE_URL: config.databaseUrl ?? '', DATABASE_SCHEMA: config.databaseSchema },
    });
    expect(status).toBe(0);
    await expectAllRight();
    const first = version;
    version = await promoted(2);
    expect(await pinnedEvents()).toBe(0);
    await expectAllRight();
    await write(...users.map((userId, user) => event(userId, 2_000 + user, 20)));
    version = first;
    await promotion.promote(first);
    expect(await pinnedEvents()).toBeGreaterThan(80);
    await expectAllRight();
  }, 120_000);

  it('leaves what log and pins give while writers, late events, rebuilds, forgetting, resets and merges go on', async () => {
    const users = range(12).map((n) => `user ${n}`);
    await write(...users.flatMap((userId) => range(8).map((n) => event(userId, n))));
    let isOver = false;
    let next = 100;
    const writing = range(3).map(async (lane) => {
      while (!isOver) {
        const batch = users
          .filter((__, user) => user % 3 === lane || user % 5 === 0)
          .map((userId) => event(userId, next++, 8 + Math.floor(next / 40) - (next % 7 === 0 ? 30 : 0)));
        await write(...batch);
        await sleep(3);
      }
    });
    const pinAll = async (turn: number): Promise<void> => {
      for (const [user, userId] of users.entries()) {
        const act = pinning.pinSlot(tester, userId, (user + turn) % 3, (user * 7 + turn) % 4 !== 0);
        await act.catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'BAD_INPUT' }); // just reset, or merged away
        });
      }
    };
    for (const turn of range(12)) {
      const acts: Promise<unknown>[] = [pinAll(turn)];
      if (turn % 4 === 1) acts.push(promotion.rebuild());
      if (turn % 3 === 0) acts.push(forgetting.forgetInteractions(tester, `user ${turn}`, { ...all, kinds: ['cart'] }));
      if (turn === 5) acts.push(forgetting.resetMemory(tester, 'user 4'));
      if (turn === 7) acts.push(merging.mergeUsers(tester, 'user 3', 'user 5'));
      await Promise.all(acts);
      await sleep(20);
    }
    isOver = true;
    await Promise.all(writing);
    await database.dataSource.query('DELETE FROM user_memory WHERE interactions_applied = 0');
    await expectAllRight();
    expect(await pinnedEvents()).toBeGreaterThan(20);
  }, 180_000);
});
