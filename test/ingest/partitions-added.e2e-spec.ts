/** K10: the events of one user come from many partitions at once, to several processes, while the topic gets more of them. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import { createKey } from '../../src/api/api-key.js';
import type { Network } from '../../src/model/network.js';
import { encodeState } from '../../src/model/user-state.js';
import { startProgram, type Started } from '../program.js';
import { describeWithBroker, liveNetwork, testIngestion, until, type TestIngestion } from '../service.js';

const schema = 'partitions_added_spec';
const itemIds = Array.from({ length: 40 }, (_, n) => `item-${n}`);
const start = Date.UTC(2026, 0, 1);

describeWithBroker('a user whose events come from many partitions', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let network: Network;
  let producer: Producer;
  let processes: Started[];
  beforeEach(async () => {
    ingestion = await testIngestion(schema, { RECOLLECT_INGEST_BATCH_COUNT: '20' });
    topic = ingestion.topics.interactions;
    network = await liveNetwork(ingestion.database, itemIds, { heads: 2, kinds: ['cart', 'view'], gaps: 24 });
    producer = new kafkajs.Kafka({
      brokers: [ingestion.settings.KAFKA_BROKERS ?? ''],
      logLevel: kafkajs.logLevel.NOTHING,
    }).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, metadataMaxAge: 200 });
    await producer.connect();
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map(stop));
    await producer.disconnect();
    await ingestion.close();
  });

  const startProcess = async (): Promise<void> => {
    processes.push(await startProgram(schema, ingestion.settings));
  };
  const stop = async ({ child }: Started): Promise<void> => {
    const exit = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null && child.kill('SIGTERM')) await exit;
  };
  const query = async <R>(sql: string): Promise<R[]> => ingestion.database.dataSource.query(sql);
  const count = async (userId: string): Promise<number> =>
    (await query<{ n: number }>(`SELECT count(*)::int AS n FROM interaction WHERE user_id = '${userId}'`))[0]?.n ?? 0;
  const event = (n: number): string =>
    JSON.stringify({
      ...{ id: `hot-${n}`, userId: 'hot-1', itemId: itemIds[(n * 7) % itemIds.length], kind: n % 3 ? 'view' : 'cart' },
      occurredAt: start + 1_000 * n,
    });
  const hasMessages = async (partition: number): Promise<boolean> =>
    (await ingestion.admin.fetchTopicOffsets(topic)).some((one) => one.partition === partition && one.high !== '0');
  /** With null keys, which the client spreads over the partitions that it knows. */
  const send = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 20) {
      const messages = Array.from({ length: Math.min(20, to - n) }, (_, at) => ({ key: null, value: event(n + at) }));
      await producer.send({ topic, messages });
    }
  };

  it('has the memory of events in order, and each of them once; new partitions are read from their start', async () => {
    await startProcess();
    await startProcess();
    await until(
      async () => (await query(`SELECT FROM consumer_progress WHERE topic = '${topic}'`)).length === 6,
      30_000,
    );
    await send(0, 1_000);
    await ingestion.admin.createPartitions({ topicPartitions: [{ topic, count: 10 }] });
    await until(async () => {
      await producer.send({ topic, messages: [{ key: null, value: event(1_000), partition: 9 }] });
      return hasMessages(9).catch(() => false); // right after they were made, partitions have no leader
    }, 30_000);
    await send(1_000, 2_000);
    await startProcess(); // the group is shared out anew, as far as the clients know the partitions
    await ingestion.untilConsumed(150_000);

    expect(await count('hot-1')).toBe(2_000);
    const rows = Array.from({ length: 2_000 }, (_, n) => JSON.parse(event(n)) as { itemId: string; kind: string });
    const sequence = rows.map((row, n) => ({ ...row, occurredAt: new Date(start + 1_000 * n) }));
    const { rows: places, ...context } = network.eventsOf(sequence);
    const [memory] = await query<{ state: Buffer; applied: string; last: Date }>(
      'SELECT state, interactions_applied AS applied, last_occurred_at AS last FROM user_memory',
    );
    expect(memory?.applied).toBe('2000');
    expect(memory?.last).toEqual(new Date(start + 1_999_000));
    expect(memory?.state.equals(encodeState(network.trace(places, context).state))).toBe(true);
    for (const { output } of processes) expect(output()).not.toMatch(/deadlock/i);
  }, 240_000);

  it('is named by the body; a key that names another is counted', async () => {
    await startProcess();
    await startProcess();
    await until(
      async () => (await query(`SELECT FROM consumer_progress WHERE topic = '${topic}'`)).length === 6,
      30_000,
    );
    const messages = Array.from({ length: 100 }, (_, n) => ({
      key: 'a',
      partition: n % 6,
      value: JSON.stringify({ id: `b-${n}`, userId: 'b', itemId: 'item-1', kind: 'view', occurredAt: start + n }),
    }));
    await producer.send({ topic, messages });
    await ingestion.untilConsumed();
    expect([await count('a'), await count('b')]).toEqual([0, 100]);
    const { key } = await createKey(ingestion.database.dataSource.manager, {
      ...{ name: 'prometheus', scopes: ['reader'], expiresAt: null },
    });
    const counted = await Promise.all(
      processes.map(async ({ url }) => {
        await until(
          async () =>
            fetch(`${url}/health/live`).then(
              ({ ok }) => ok,
              () => false,
            ),
          30_000,
        ); // the other may have done it all
        const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
        return Number(/^recollect_ingest_other_keys_total (\d+)$/m.exec(await answer.text())?.[1]);
      }),
    );
    // a batch whose partition goes to the other process meanwhile is read by both
    expect(counted.reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(100);
  }, 120_000);
});
