import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import kafkajs from 'kafkajs';
import { KafkaConsumer } from '../../src/ingest/kafka-consumer.js';
import type { PartitionStatus } from '../../src/ingest/assigned-partition.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import { describeWithBroker, startIngestion, testIngestion, until, type Sent, type TestIngestion } from '../service.js';

const messages = (name: string, count: number, more: Readonly<Record<string, unknown>> = {}): readonly Sent[] =>
  Array.from({ length: count }, (_, n) => ({
    key: 'ula',
    partition: 0,
    value: JSON.stringify({
      id: `${name}-${n}`,
      userId: 'ula',
      itemId: 'a',
      kind: 'view',
      occurredAt: '2026-05-01T10:00:00Z',
      ...more,
    }),
  }));

describeWithBroker('a partition', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let apps: INestApplicationContext[] = [];
  beforeEach(async () => {
    ingestion = await testIngestion(
      'partitions_spec',
      { RECOLLECT_STALL_TIMEOUT_MS: '12000' },
      { 'segment.bytes': '1048576' },
    );
    topic = ingestion.topics.interactions;
    apps = [];
  });
  afterEach(async () => {
    await Promise.all(apps.map(async (app) => app.close()));
    await ingestion.close();
  });

  const start = async (): Promise<INestApplicationContext> => {
    const app = await startIngestion(ingestion);
    apps.push(app);
    return app;
  };
  const stop = async (app: INestApplicationContext): Promise<void> => {
    apps = apps.filter((one) => one !== app);
    await app.close();
  };
  const statusOf = (app: INestApplicationContext, partition = 0): PartitionStatus | undefined =>
    app
      .get(KafkaConsumer)
      .status()
      .partitions.find((one) => one.topic === topic && one.partition === partition);
  const query = async <R>(sql: string): Promise<R[]> => ingestion.database.dataSource.query(sql);
  const logged = async (): Promise<readonly string[]> =>
    (await query<{ id: string }>('SELECT id FROM interaction ORDER BY arrival')).map(({ id }) => id);

  it('is left alone by an owner of before, until the group has it still and nobody else goes on with it', async () => {
    const app = await start();
    await ingestion.send(topic, messages('first', 3));
    await ingestion.untilConsumed();
    const { manager } = ingestion.database.dataSource;
    const progress = await claimPartition(manager, topic, 0, 0n);
    await ingestion.send(topic, messages('second', 3));
    await until(async () => statusOf(app)?.stopped?.code === 'OWNER_REPLACED', 10_000);
    expect(await logged()).toHaveLength(3);

    const { ownerEpoch } = progress;
    const position = { topic, partition: 0, ownerEpoch: ownerEpoch - 1n, startOffset: 0n, endOffset: 99n };
    const write = app.get(MemoryWriter).apply([], position);
    await expect(write).rejects.toMatchObject({ code: 'OWNER_REPLACED' });
    expect(await query(`SELECT next_offset FROM consumer_progress WHERE topic = '${topic}' AND partition = 0`)).toEqual(
      [{ next_offset: '3' }],
    );

    await ingestion.untilConsumed();
    expect(await logged()).toHaveLength(6);
    expect(statusOf(app)).toMatchObject({ stopped: null, lag: 0n, nextOffset: 6n });
  });

  it('is shared out anew when a consumer joins and when one leaves, and nothing is lost or doubled', async () => {
    const [one, other] = [await start(), await start()];
    const all = Array.from({ length: 12 }, (_, n) =>
      messages(`batch-${n}`, 25).map((message) => ({ ...message, partition: n % 6 })),
    );
    for (const part of all.slice(0, 6)) await ingestion.send(topic, part);
    await until(
      async () => [one, other].every((app) => app.get(KafkaConsumer).status().partitions.length === 9), // 3 topics of 6
      20_000,
    );
    await stop(one);
    for (const part of all.slice(6)) await ingestion.send(topic, part);
    await ingestion.untilConsumed();
    expect(await logged()).toHaveLength(300);
    expect(statusOf(other, 5)?.nextOffset).toBe(50n);
  });

  it('goes on where Postgres says, whatever was committed to the brokers', async () => {
    const first = await start();
    await ingestion.send(topic, messages('first', 5));
    await ingestion.untilConsumed();
    await stop(first);
    await ingestion.send(topic, messages('second', 5));
    const groupId = ingestion.database.config.kafkaGroup;
    await ingestion.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '9' }] });
    await start();
    await ingestion.untilConsumed();
    expect(await logged()).toHaveLength(10);

    await Promise.all(apps.map(stop));
    await ingestion.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] });
    await start();
    await ingestion.send(topic, messages('third', 1));
    await ingestion.untilConsumed();
    expect(await logged()).toHaveLength(11);
  });

  it('is read again from where the database stands when a crash of Postgres took back the last commits', async () => {
    const app = await start();
    await ingestion.send(topic, messages('event', 10));
    await ingestion.untilConsumed();
    await query(`WITH lost AS (DELETE FROM interaction WHERE id IN ('event-7', 'event-8', 'event-9'))
                 UPDATE consumer_progress SET next_offset = 7 WHERE topic = '${topic}' AND partition = 0`);
    await ingestion.send(topic, messages('after', 1));
    await ingestion.untilConsumed();
    expect((await logged()).slice(-4)).toEqual(['event-7', 'event-8', 'event-9', 'after-0']);
    expect(statusOf(app)).toMatchObject({ nextOffset: 11n, lag: 0n, stopped: null });
  });

  it('is stopped, and says so, when the brokers deleted what was not read yet; the others go on', async () => {
    const first = await start();
    await ingestion.send(topic, messages('read', 5));
    await ingestion.untilConsumed();
    await stop(first);
    await ingestion.send(topic, messages('lost', 5));
    await ingestion.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
    const app = await start();
    const elsewhere = messages('elsewhere', 5).map((message) => ({ ...message, partition: 1 }));
    await ingestion.send(topic, [...elsewhere, ...messages('after', 2)]);
    await until(async () => statusOf(app, 1)?.nextOffset === 5n, 10_000);
    const stopped = statusOf(app)?.stopped;
    expect(stopped?.code).toBe('LOG_START_PAST_OFFSET');
    expect(stopped?.message).toMatch(/next offset is 5, the brokers have 8 up to/);
    expect(await logged()).toHaveLength(10);
  });

  it('is stopped when its log is cut while it is read', async () => {
    const app = await start();
    await ingestion.send(topic, messages('read', 5));
    await ingestion.untilConsumed();
    // the row is locked by another transaction, so that the batch waits while the log is cut behind it
    const runner = ingestion.database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`SELECT FROM consumer_progress WHERE topic = '${topic}' AND partition = 0 FOR UPDATE`);
    await ingestion.send(topic, messages('next', 1));
    await sleep(1_000);
    await ingestion.send(topic, messages('lost', 5));
    await ingestion.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '9' }] });
    await runner.commitTransaction();
    await runner.release();
    await until(async () => statusOf(app)?.stopped !== null, 20_000);
    expect(statusOf(app)?.stopped?.code).toBe('LOG_START_PAST_OFFSET');
    expect(await logged()).toHaveLength(6);
  });

  it('is stopped when the topic was made anew and is shorter than what was read', async () => {
    const first = await start();
    await ingestion.send(topic, messages('old', 20));
    await ingestion.untilConsumed();
    await stop(first);
    await ingestion.admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await ingestion.admin.listTopics()).includes(topic), 10_000);
    await ingestion.admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 6 }] });
    await until(async () => ingestion.admin.fetchTopicOffsets(topic).then(Boolean, () => false), 10_000);
    await ingestion.send(topic, messages('new', 3));
    const app = await start();
    await until(async () => (statusOf(app)?.stopped ?? null) !== null, 20_000);
    expect(statusOf(app)?.stopped?.code).toBe('OFFSET_PAST_LOG_END');
    expect(statusOf(app)?.stopped?.message).toMatch(/next offset is 20, the brokers have 0 up to 3/);
    expect(await logged()).toHaveLength(20);
  });

  it('passes over what transactions leave: markers, and messages that were taken back', async () => {
    const app = await start();
    const kafka = new kafkajs.Kafka({
      brokers: [process.env.RECOLLECT_TEST_KAFKA_BROKERS ?? ''],
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const producer = kafka.producer({
      transactionalId: `${topic}.tx`,
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const [name, isKept] of [
      ['taken-back', false],
      ['kept', true],
      ['taken-back-2', false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [...messages(name, 4)] });
      await (isKept ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    await until(async () => (await logged()).length === 4, 10_000);
    await until(async () => {
      await sleep(1_500); // the status is looked up in between
      return statusOf(app)?.lag === 0n;
    }, 20_000);
    await ingestion.send(topic, messages('after', 1));
    await ingestion.untilConsumed();
    expect(await logged()).toEqual(['kept-0', 'kept-1', 'kept-2', 'kept-3', 'after-0']);
  });
});
