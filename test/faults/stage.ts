/**
 * A deployment for one scenario: a schema, topics, processes of the service that come to Postgres and the broker through the proxies,
 * and a look at all of it that does not.
 */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';
import pg from 'pg';
import { readConfig } from '../../src/config.js';
import { Network } from '../../src/model/network.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { setLiveModel } from '../../src/storage/model.store.js';
import { createMemoryPartition } from '../../src/storage/user-memory.store.js';
import { IngestProcess } from '../ingest/ingest-process.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { compare, type Comparison, type Query } from './comparison.js';
import { itemIds, traffic, type Message } from './events.js';
import type { Verdict } from './proxy.js';
import { replayTopic, type Replay, type TopicMessage } from './replay-model.js';
import { peakRssOf, type Services } from './services.js';
import { watchKafka, watchPostgres, type Sight } from './wire.js';

export interface StageOptions {
  readonly name: string;
  readonly partitions?: number;
  /** beside those of every stage */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Outcome extends Comparison {
  readonly events: number;
  readonly refused: number;
  readonly duplicates: number;
  /** the longest from the end of a fault to the next batch that was applied; null: no fault ended */
  readonly recoverySeconds: number | null;
  readonly peakRssBytes: number;
}

/** What there is to know about the topic; tells of every kind and gap that got lost or moved. */
const checkpoint = randomCheckpoint(itemIds.slice(0, 54), {
  width: 16,
  slots: 4,
  heads: 2,
  kinds: ['view', 'click', 'cart'],
  gaps: 24,
});
const plain = new Network(checkpoint, { simd: false });

export class Stage {
  readonly topic: string;
  /** of the service, in order; those that ended too */
  readonly processes: IngestProcess[] = [];
  /** called with each sight of the service's connections, before the piece goes on */
  onSight: (sight: Sight) => Verdict = () => 'pass';
  private groups = 0;
  private trafficSent = 0;
  private readonly recoveries: number[] = [];
  private faultOverAt: number | null = null;
  private peakRssBytes = 0;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    readonly services: Services,
    private readonly schema: string,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly kafka: Kafka,
    readonly admin: Admin,
    private readonly producer: Producer,
  ) {
    this.topic = `${schema}.interactions`;
    const see = (sight: Sight): Verdict => {
      const verdict = this.onSight(sight);
      if (verdict === 'pass' && sight === 'commit answered') this.noteRecovery();
      return verdict;
    };
    services.postgresProxy.watch = () => watchPostgres(see);
    services.kafkaProxy.watch = () => watchKafka(see);
    this.timer = setInterval(() => {
      this.noteMemory();
    }, 250);
  }

  static async open(services: Services, { name, partitions = 6, settings = {} }: StageOptions): Promise<Stage> {
    const schema = `${name.replaceAll('-', '_')}_${Date.now().toString(36)}`;
    await prepareDatabase(services.databaseUrl, schema);
    const kafka = new kafkajs.Kafka({
      brokers: [services.brokers],
      clientId: 'faults',
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await Promise.all([admin.connect(), producer.connect()]);
    const stage = new Stage(services, schema, settings, kafka, admin, producer);
    await stage.createTopic(partitions);
    return stage;
  }

  async createTopic(numPartitions: number): Promise<void> {
    const { admin, topic } = this;
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions }] });
    const hasLeaders = async (): Promise<boolean> =>
      admin.fetchTopicOffsets(topic).then(
        (offsets) => offsets.length === numPartitions,
        () => false,
      );
    await this.until('the topic is there', hasLeaders, 20_000);
  }

  /** A process of the service. `isAlone`: in a consumer group of its own, which does not wait for killed members to be missed. */
  start({ isAlone = false } = {}): IngestProcess {
    if (isAlone) this.groups += 1;
    const started = new IngestProcess(this.environment());
    this.processes.push(started);
    return started;
  }

  /** A command of the service. */
  async recollect(...command: readonly string[]): Promise<void> {
    const env = { PATH: process.env.PATH, ...this.environment() };
    await promisify(execFile)(process.execPath, ['dist/src/cli/recollect.js', ...command], { env });
  }

  private environment(): Readonly<Record<string, string>> {
    const { databaseUrl, brokers } = this.services.proxied;
    return {
      DATABASE_URL: databaseUrl,
      DATABASE_SCHEMA: this.schema,
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: `${this.schema}.`,
      KAFKA_GROUP: `${this.schema}.group.${this.groups}`,
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      RECOLLECT_ROLE: 'ingest',
      RECOLLECT_STALL_TIMEOUT_MS: '20000',
      ...this.settings,
    };
  }

  async kill(process: IngestProcess): Promise<void> {
    this.noteMemory();
    await process.kill();
    this.faultEnds();
  }

  /** From now on the service can recover. */
  faultEnds(): void {
    this.faultOverAt = Date.now();
  }

  /** The next events of an endless row, some of them malformed or sent again. */
  async sendTraffic(count: number): Promise<void> {
    await this.send(traffic(count, { from: this.trafficSent }));
    this.trafficSent += count;
  }

  /** Until the broker has them; those that it lost track of are sent again, and may be there twice. */
  async send(messages: readonly Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 2_000) {
      const part = messages.slice(from, from + 2_000).map((message) => ({ ...message }));
      await this.persist(async () => this.producer.send({ topic: this.topic, messages: part }));
    }
  }

  /** Sends traffic of so many events a second while something else goes on. */
  async whileSending<R>(perSecond: number, work: () => Promise<R>): Promise<R> {
    const over = new AbortController();
    const sending = (async (): Promise<void> => {
      const started = Date.now();
      for (let sent = 0; !over.signal.aborted;) {
        const due = Math.min(2_000, Math.floor(((Date.now() - started) * perSecond) / 1_000) - sent);
        await this.sendTraffic(due);
        sent += due;
        await sleep(20);
      }
    })();
    try {
      return await work();
    } finally {
      over.abort();
      await sending;
    }
  }

  /** Until something was applied since now. */
  async untilProgress(): Promise<void> {
    const before = await this.countDone();
    await this.until('something is applied', async () => (await this.countDone()) > before);
  }

  async untilJoined(process: IngestProcess): Promise<void> {
    await this.until('the process is in its group', () => process.log.includes('joined the consumer group'));
  }

  /** Over a connection of its own. */
  readonly query: Query = async <R>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> => {
    const client = new pg.Client({
      connectionString: this.services.databaseUrl,
      options: `-c search_path=${this.schema} -c timezone=UTC`,
    });
    client.on('error', () => undefined); // the query fails, too
    await client.connect();
    try {
      return (await client.query(sql, [...parameters])).rows as R[];
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  /** Messages that were applied or refused. */
  async countDone(): Promise<number> {
    const rows = await this.query<{ n: number }>(
      'SELECT coalesce(sum(next_offset), 0)::int AS n FROM consumer_progress WHERE topic = $1',
      [this.topic],
    );
    return rows[0]?.n ?? 0;
  }

  async untilDone(count: number, timeoutMs = 120_000): Promise<void> {
    await this.until(`${count} messages are done`, async () => (await this.countDone()) >= count, timeoutMs);
  }

  /** Every partition to its end, and every late event in its memory. */
  async untilConsumed(timeoutMs = 300_000): Promise<void> {
    await this.until('all is consumed', async () => this.isConsumed(), timeoutMs);
  }

  async until(what: string, isSo: () => Promise<boolean> | boolean, timeoutMs = 120_000): Promise<void> {
    const started = Date.now();
    while (!(await isSo())) {
      if (Date.now() - started > timeoutMs) throw new Error(`not so after ${timeoutMs / 1_000} s: ${what}`);
      await sleep(50);
    }
  }

  /** All that the topic holds, each partition in its order. */
  async read(topic = this.topic): Promise<readonly (TopicMessage & { readonly headers: kafkajs.IHeaders })[]> {
    const ends = await this.admin.fetchTopicOffsets(topic);
    const wanted = new Map(ends.filter(({ low, high }) => low !== high).map((end) => [end.partition, end.high]));
    const consumer = this.kafka.consumer({
      groupId: `${this.schema}.read.${Date.now()}.${Math.random()}`,
      maxWaitTimeInMs: 200,
    });
    const messages: (TopicMessage & { readonly headers: kafkajs.IHeaders })[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { offset, timestamp, value, headers = {} } of batch.messages)
          messages.push({ topic, partition: batch.partition, offset: Number(offset), timestamp, value, headers });
        if (BigInt(batch.lastOffset()) + 1n >= BigInt(wanted.get(batch.partition) ?? 0)) wanted.delete(batch.partition);
        return Promise.resolve();
      },
    });
    await this.until(`${topic} is read`, () => wanted.size === 0, 120_000);
    await consumer.disconnect();
    return messages;
  }

  /** Kills the processes and compares. `messages`: those of the topic, unless the scenario knows more than it still holds. */
  async judge(messages?: readonly TopicMessage[]): Promise<Outcome> {
    this.noteMemory();
    await Promise.all(this.processes.map(async (process) => process.kill()));
    const source = messages ?? (await this.read());
    const replay = replayTopic(source, Date.now());
    const letters = replay.refused.size === 0 ? [] : await this.read(`${this.topic}.dlt`);
    const comparison = await compare(replay, this.query, this.topic, letters.map(placeOf), plain);
    return { ...comparison, ...this.figures(replay, source.length) };
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const process of this.processes) await process.kill();
    this.services.postgresProxy.setWeather({});
    this.services.kafkaProxy.setWeather({});
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
    await this.query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
  }

  private async isConsumed(): Promise<boolean> {
    const progress = await this.query<{ partition: number; next: string }>(
      'SELECT partition, next_offset AS next FROM consumer_progress WHERE topic = $1',
      [this.topic],
    );
    const next = new Map(progress.map((row) => [row.partition, row.next]));
    const ends = await this.persist(async () => this.admin.fetchTopicOffsets(this.topic));
    if (ends.some(({ partition, high }) => (next.get(partition) ?? '0') !== high)) return false;
    const [waiting] = await this.query<{ n: number }>('SELECT count(*)::int AS n FROM replay_request');
    return waiting?.n === 0;
  }

  /** A broker that was killed comes back. */
  private async persist<R>(work: () => Promise<R>): Promise<R> {
    const started = Date.now();
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (Date.now() - started > 120_000) throw error;
        await sleep(200);
      }
    }
  }

  private noteRecovery(): void {
    if (this.faultOverAt === null) return;
    this.recoveries.push((Date.now() - this.faultOverAt) / 1_000);
    this.faultOverAt = null;
  }

  private noteMemory(): void {
    for (const { pid, exitCode } of this.processes)
      if (exitCode === null) this.peakRssBytes = Math.max(this.peakRssBytes, peakRssOf(pid));
  }

  private figures(replay: Replay, events: number): Omit<Outcome, keyof Comparison> {
    const { recoveries, peakRssBytes } = this;
    const recoverySeconds = recoveries.length === 0 ? null : Math.max(...recoveries);
    return { events, refused: replay.refused.size, duplicates: replay.duplicates, recoverySeconds, peakRssBytes };
  }
}

function placeOf({ headers }: { readonly headers: kafkajs.IHeaders }): string {
  return ['topic', 'partition', 'offset', 'timestamp']
    .map((name) => headers[`recollect-${name}`]?.toString() ?? '')
    .join(':');
}

/** With a live model, so that memories are written from the first event on. */
async function prepareDatabase(databaseUrl: string, schema: string): Promise<void> {
  const config = readConfig({ DATABASE_URL: databaseUrl, DATABASE_SCHEMA: schema });
  const dataSource = await createDataSource(config).initialize();
  try {
    await migrate(dataSource, schema);
    const version = await storeCheckpoint(dataSource, checkpoint);
    await dataSource.transaction(async (tx) => {
      await createMemoryPartition(tx, version);
      await setLiveModel(tx, version);
    });
  } finally {
    await dataSource.destroy();
  }
}
