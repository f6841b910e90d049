import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import kafkajs from 'kafkajs';
import { createKey } from '../../src/api/api-key.js';
import { addPartitionCommands } from '../../src/cli/partitions.js';
import type { Config } from '../../src/config.js';
import { KafkaConsumer } from '../../src/ingest/kafka-consumer.js';
import { runCommand } from '../command.js';
import { startProgram, type Started } from '../program.js';
import { describeWithBroker, startIngestion, testIngestion, until, type Sent, type TestIngestion } from '../service.js';
import { IngestProcess } from './ingest-process.js';

const messages = (name: string, count: number, partition: number): readonly Sent[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `u-${n % 50}`,
    partition,
    value: JSON.stringify({
      id: `${name}-${n}`,
      userId: `u-${n % 50}`,
      itemId: 'a',
      kind: 'view',
      occurredAt: '2026-05-01T10:00:00Z',
    }),
  }));

describeWithBroker('the life of ingestion', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let apps: INestApplicationContext[];
  beforeEach(async () => {
    ingestion = await testIngestion('life_spec');
    topic = ingestion.topics.interactions;
    apps = [];
  });
  afterEach(async () => {
    await Promise.all(apps.map(async (app) => app.close()));
    await ingestion.close();
  });

  const start = async (changed: Partial<Config> = {}): Promise<INestApplicationContext> => {
    const { database } = ingestion;
    const config = { ...database.config, ...changed };
    const app = await startIngestion({ ...ingestion, database: { ...database, config } });
    apps.push(app);
    return app;
  };
  const stop = async (app: INestApplicationContext): Promise<void> => {
    apps = apps.filter((one) => one !== app);
    await app.close();
  };
  const isPaused = (partition: number): boolean =>
    apps
      .flatMap((app) => app.get(KafkaConsumer).status().partitions)
      .some((one) => one.topic === topic && one.partition === partition && one.isPaused);
  const recollect = async (...words: readonly string[]): Promise<string> =>
    runCommand(addPartitionCommands, ingestion.settings, 'partitions', ...words);
  const query = async <R>(sql: string): Promise<R[]> => ingestion.database.dataSource.query(sql);
  const logged = async (prefix: string): Promise<number> =>
    (await query<{ n: number }>(`SELECT count(*)::int AS n FROM interaction WHERE id LIKE '${prefix}%'`))[0]?.n ?? 0;

  it('ends in order within ten seconds while messages are under way, and goes on where it was', async () => {
    const count = 12_000;
    for (let part = 0; part < 6; part++) await ingestion.send(topic, messages(`drain-${part}`, count / 6, part));
    const first = new IngestProcess({ ...ingestion.settings, RECOLLECT_INGEST_BATCH_COUNT: '50' });
    await until(async () => (await logged('drain')) > 500, 60_000);
    const took = await first.stop();
    const applied = await logged('drain');
    expect([first.exitCode, applied < count]).toEqual([0, true]);
    expect(took).toBeLessThan(10_000);
    expect(await query(`SELECT sum(next_offset)::int AS n FROM consumer_progress WHERE topic = '${topic}'`)).toEqual([
      { n: applied },
    ]);
    await start();
    await ingestion.untilConsumed(60_000);
    expect(await logged('drain')).toBe(count);
  }, 180_000);

  it('holds a partition, or a topic, that is paused: in every process, over restarts, until it is resumed', async () => {
    expect(await recollect('pause', `${topic}:2`)).toBe(`paused ${topic}:2\n`);
    const one = await start();
    await start();
    await ingestion.send(topic, messages('held', 5, 2));
    await ingestion.send(topic, messages('free', 5, 3));
    await until(async () => (await logged('free')) === 5, 30_000);
    await stop(one);
    await start();
    await ingestion.send(topic, messages('free-again', 5, 3));
    await until(async () => (await logged('free-again')) === 5, 60_000);
    await until(async () => Promise.resolve(isPaused(2)), 30_000);
    expect(await logged('held')).toBe(0);
    expect(await recollect('list')).toMatch(new RegExp(`${topic}:2  next offset 0  \\S+  paused\n`));

    expect(await recollect('resume', `${topic}:3`)).toBe(`${topic}:3 is not paused`);
    expect(await recollect('resume', `${topic}:2`)).toBe(`resumed ${topic}:2\n`);
    await ingestion.untilConsumed();
    expect(await logged('held')).toBe(5);

    await recollect('pause', topic);
    await until(async () => Promise.resolve(isPaused(5)), 30_000);
    expect(await recollect('resume', `${topic}:1`)).toContain('resume the topic');
    await ingestion.send(topic, messages('topic', 5, 5));
    await new Promise((done) => setTimeout(done, 1_000));
    expect(await logged('topic')).toBe(0);
    await recollect('resume', topic);
    await ingestion.untilConsumed();
    expect(await logged('topic')).toBe(5);
    expect(await recollect('list')).not.toContain('paused');
  }, 180_000);

  it('begins at the end of the interactions, once, when it is told to; partitions that come later from their start', async () => {
    await ingestion.send(topic, messages('before', 5, 0));
    const first = await start({ kafkaStart: 'latest' });
    await until(
      async () =>
        (await query(`SELECT FROM consumer_progress WHERE owner_epoch > 0 AND topic = '${topic}'`)).length === 6,
      30_000,
    );
    await ingestion.send(topic, messages('after', 5, 0));
    await ingestion.untilConsumed();
    await stop(first);
    await ingestion.send(topic, messages('stopped', 5, 1));
    await ingestion.admin.createPartitions({ topicPartitions: [{ topic, count: 7 }] });
    // a client that knows the topic as it was sends nothing to the partition, and does not say so
    const brokers = [ingestion.settings.KAFKA_BROKERS ?? ''];
    const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      metadataMaxAge: 200, // it may have looked a moment too early
    });
    await producer.connect();
    await until(async () => (await producer.send({ topic, messages: [...messages('new', 5, 6)] })).length > 0, 30_000);
    await producer.disconnect();
    await start({ kafkaStart: 'latest' });
    await until(async () => (await logged('new')) === 5, 60_000);
    await ingestion.untilConsumed();
    expect([await logged('before'), await logged('after'), await logged('stopped'), await logged('new')]).toEqual([
      0, 5, 5, 5,
    ]);
  }, 180_000);

  it('begins at a time', async () => {
    await ingestion.send(topic, messages('before', 5, 0));
    await new Promise((done) => setTimeout(done, 1_100)); // offsets are found by the time of the messages
    const time = Date.now();
    await new Promise((done) => setTimeout(done, 1_100));
    await ingestion.send(topic, messages('after', 5, 0));
    await ingestion.send(topic, messages('after-too', 5, 4));
    await start({ kafkaStart: time });
    await ingestion.untilConsumed();
    expect([await logged('before'), await logged('after')]).toEqual([0, 10]);
  });

  it('is seen in figures for Prometheus, which ask for a key and name no user', async () => {
    const started: Started = await startProgram('life_spec', { ...ingestion.settings, RECOLLECT_ROLE: 'ingest' });
    const { key } = await createKey(ingestion.database.dataSource.manager, {
      name: 'prometheus',
      scopes: ['reader'],
      expiresAt: null,
    });
    const read = async (authorization: string): Promise<Response> =>
      fetch(`${started.url}/metrics`, { headers: { authorization } });
    try {
      await ingestion.send(topic, messages('good', 30, 1));
      await ingestion.send(topic, messages('good', 10, 1));
      await ingestion.send(topic, [{ key: 'u-1', partition: 1, value: 'no JSON' }]);
      await ingestion.untilConsumed();
      const refusal = await read('Bearer nothing');
      expect([refusal.status, await refusal.json()]).toEqual([
        401,
        { errors: [{ message: expect.stringContaining('malformed'), extensions: { code: 'UNAUTHENTICATED' } }] },
      ]);
      const answer = await read(`Bearer ${key}`);
      const text = await answer.text();
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const place = `topic="${topic}",partition="1"`;
      const lines = text.split('\n');
      for (const line of [
        `recollect_ingest_applied_total{${place}} 30`,
        `recollect_ingest_duplicates_total{${place}} 10`,
        `recollect_ingest_refused_total{${place},code="NOT_JSON"} 1`,
        `recollect_ingest_lag_messages{${place}} 0`,
        `recollect_ingest_next_offset{${place}} 41`,
        `recollect_ingest_paused{${place}} 0`,
        `recollect_ingest_stopped{${place}} 0`,
        `recollect_ingest_event_to_visible_seconds_count{${place}} 41`,
        `recollect_ingest_event_to_visible_seconds_bucket{le="300",${place}} 41`,
      ])
        expect(lines).toContain(line);
      const bounds = [...text.matchAll(new RegExp(`seconds_bucket\\{le="([\\d.]+)",${place}`, 'g'))].map(([, le]) =>
        Number(le),
      );
      expect([bounds[0], bounds.includes(0.25), bounds.includes(10)]).toEqual([0.005, true, true]);
      const eventTime = Number(/event_time_seconds\{[^}]*partition="1"\} (\S+)/.exec(text)?.[1]);
      expect(Math.abs(eventTime - Date.now() / 1_000)).toBeLessThan(120);
      expect(text).not.toContain('u-1');
    } finally {
      const exit = new Promise((done) => started.child.once('exit', done));
      started.child.kill('SIGTERM');
      await exit;
    }
  }, 120_000);
});
