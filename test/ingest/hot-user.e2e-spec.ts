import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Network } from '../../src/model/network.js';
import { encodeState } from '../../src/model/user-state.js';
import {
  describeWithBroker,
  liveNetwork,
  startIngestion,
  testIngestion,
  until,
  type TestIngestion,
} from '../service.js';

const items = ['a', 'b', 'c', 'd', 'e'];
const start = Date.UTC(2026, 0, 1);
const backlog = 200_000;
/** a second for each */
const event = (userId: string, n: number, second = n) => ({
  key: userId,
  value: JSON.stringify({
    ...{ id: `e-${n}`, userId, itemId: items[(n * 7 + (n >> 3)) % items.length], kind: 'view' },
    occurredAt: new Date(start + 1_000 * second).toISOString(),
  }),
});

describeWithBroker('a user with very many events', () => {
  let ingestion: TestIngestion;
  let network: Network;
  let app: INestApplicationContext;
  beforeAll(async () => {
    ingestion = await testIngestion('hot_user_spec');
    network = await liveNetwork(ingestion.database, items);
    for (let from = 0; from < backlog; from += 5_000)
      await send(
        0,
        Array.from({ length: 5_000 }, (_, n) => event('hot', from + n)),
      );
  }, 180_000);
  afterAll(async () => {
    await app.close();
    await ingestion.close();
  });

  const send = async (partition: number, events: readonly ReturnType<typeof event>[]): Promise<void> => {
    await ingestion.send(
      ingestion.topics.interactions,
      events.map((one) => ({ ...one, partition })),
    );
  };
  const applied = async (userId: string): Promise<number> => {
    const sql = 'SELECT interactions_applied::int AS count FROM user_memory WHERE user_id = $1';
    const rows: { count: number }[] = await ingestion.database.dataSource.query(sql, [userId]);
    return rows[0]?.count ?? 0;
  };
  const waits = async (userId: string): Promise<boolean> => {
    const sql = 'SELECT FROM replay_request WHERE user_id = $1';
    return (await ingestion.database.dataSource.query<unknown[]>(sql, [userId])).length > 0;
  };
  const nextOffset = async (): Promise<number> => {
    const sql = `SELECT next_offset::int AS next FROM consumer_progress WHERE topic = $1 AND partition = 0`;
    const rows: { next: number }[] = await ingestion.database.dataSource.query(sql, [ingestion.topics.interactions]);
    return rows[0]?.next ?? 0;
  };
  const expectMemoryOfLog = async (userId: string): Promise<void> => {
    const { dataSource } = ingestion.database;
    const log: { itemId: string }[] = await dataSource.query(
      'SELECT item_id AS "itemId" FROM interaction WHERE user_id = $1 ORDER BY occurred_at, arrival',
      [userId],
    );
    const [memory]: { state: Buffer }[] = await dataSource.query('SELECT state FROM user_memory WHERE user_id = $1', [
      userId,
    ]);
    const { state } = network.trace(log.map(({ itemId }) => network.vocabulary.rowOf(itemId)));
    expect(memory?.state.equals(encodeState(state))).toBe(true);
  };

  it('holds up no other partition, in order or late, while the partition of that user is far behind', async () => {
    for (const partition of [1, 2, 3, 4, 5])
      await send(partition, [
        event(`user-${partition}`, 0),
        event(`user-${partition}`, 2),
        event(`user-${partition}`, 1),
      ]);
    app = await startIngestion(ingestion);
    const isDone = async (partition: number): Promise<boolean> =>
      (await applied(`user-${partition}`)) === 3 && !(await waits(`user-${partition}`));
    for (const partition of [1, 2, 3, 4, 5]) await until(async () => isDone(partition), 60_000);
    expect(await nextOffset()).toBeLessThan(backlog);
    for (const partition of [1, 2, 3, 4, 5]) await expectMemoryOfLog(`user-${partition}`);
    await ingestion.untilConsumed(240_000);
    expect(await applied('hot')).toBe(backlog);
  }, 300_000);

  it('holds up neither others nor the own events in order while a late event of that user waits for its replay', async () => {
    const { dataSource, config } = ingestion.database;
    const holder = dataSource.createQueryRunner();
    await holder.query('SELECT pg_advisory_lock(7381007, hashtext($1))', [config.databaseSchema]); // of long replays
    const inOrder = Array.from({ length: 500 }, (_, n) => event('hot', backlog + n));
    const late = event('hot', backlog + 500, 1_000.5);
    await send(0, [late, ...inOrder, event('ann', 0), event('ann', 2), event('ann', 1)]);
    await send(1, [event('bob', 0), event('bob', 2), event('bob', 1)]);
    for (const userId of ['ann', 'bob'])
      await until(async () => (await applied(userId)) === 3 && !(await waits(userId)), 60_000);
    expect([await applied('hot'), await waits('hot')]).toEqual([backlog + 500, true]);
    for (const userId of ['ann', 'bob']) await expectMemoryOfLog(userId);
    await holder.query('SELECT pg_advisory_unlock(7381007, hashtext($1))', [config.databaseSchema]);
    await holder.release();
    await until(async () => !(await waits('hot')), 120_000);
    expect(await applied('hot')).toBe(backlog + 501);
    await expectMemoryOfLog('hot');
  }, 240_000);

  it('has a late event replayed while others and the user itself go on, and all memories are those of the log', async () => {
    await send(0, [event('hot', backlog + 501, 2_000.5)]);
    for (let n = 0; n < 40; n++) {
      await send(0, [event('hot', backlog + 502 + n), event('ann', 10 + n)]);
      await send(1, [event('bob', 100 - n)]); // each later one is late
    }
    await ingestion.untilConsumed(120_000);
    expect([await applied('hot'), await applied('ann'), await applied('bob')]).toEqual([backlog + 542, 43, 43]);
    for (const userId of ['hot', 'ann', 'bob']) await expectMemoryOfLog(userId);
  }, 180_000);
});
