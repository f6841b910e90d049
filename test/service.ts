/** Ingestion on a schema and topics of its own: messages go in by the real broker, what comes out is read from Postgres. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '@jest/globals';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import kafkajs, { type Admin, type IHeaders, type KafkaMessage, type Producer } from 'kafkajs';
import { IngestModule } from '../src/ingest/ingest.module.js';
import { InteractionIntake } from '../src/ingest/interaction-intake.js';
import { MemoryModule } from '../src/memory/memory.module.js';
import type { Network } from '../src/model/network.js';
import { loadNetwork } from '../src/promotion/network-loader.js';
import { setLiveModel } from '../src/storage/model.store.js';
import { ReplayRequestEntity } from '../src/storage/replay-request.entity.js';
import { StorageModule } from '../src/storage/storage.module.js';
import { createMemoryPartition } from '../src/storage/user-memory.store.js';
import { createLogger } from '../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from './fresh-database.js';
import { randomCheckpoint, storeCheckpoint, type RandomOptions } from './random-checkpoint.js';

/** Where no broker could be started, which the set-up has said, what needs one is skipped. */
export const describeWithBroker = process.env.RECOLLECT_TEST_KAFKA_BROKERS === undefined ? describe.skip : describe;

export interface Sent {
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  readonly partition?: number;
}

export type Kept = KafkaMessage & { readonly partition: number };

export interface TestTopics {
  readonly interactions: string;
  readonly items: string;
  readonly users: string;
}

export interface TestIngestion {
  readonly database: FreshDatabase;
  readonly settings: Readonly<Record<string, string>>;
  readonly topics: TestTopics;
  readonly admin: Admin;
  readonly producer: Producer;
  send(topic: string, messages: readonly Sent[]): Promise<void>;
  /** all messages that the topic holds */
  read(topic: string): Promise<readonly Kept[]>;
  /** until every partition is applied to its end, late events included */
  untilConsumed(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function testIngestion(
  name: string,
  more: Readonly<Record<string, string>> = {},
  topicSettings: Readonly<Record<string, string>> = {},
): Promise<TestIngestion> {
  const prefix = `${name}.${Date.now().toString(36)}.`;
  const settings = {
    KAFKA_BROKERS: process.env.RECOLLECT_TEST_KAFKA_BROKERS ?? '',
    KAFKA_TOPIC_PREFIX: prefix,
    KAFKA_GROUP: `${prefix}group`,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    RECOLLECT_ROLE: 'ingest',
    ...more,
  };
  const database = await freshDatabase(name, settings);
  const kafka = new kafkajs.Kafka({
    brokers: [settings.KAFKA_BROKERS],
    clientId: 'test',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  const producer: Producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  const topics = { interactions: `${prefix}interactions`, items: `${prefix}items`, users: `${prefix}users` };
  const configEntries = Object.entries(topicSettings).map(([setting, value]) => ({ name: setting, value }));
  await admin.createTopics({
    waitForLeaders: false,
    topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 6, configEntries })),
  });
  for (const topic of Object.values(topics)) await until(async () => hasLeaders(admin, topic), 10_000);

  const isConsumed = async (): Promise<boolean> => {
    const progress: { place: string; next: string }[] = await database.dataSource.query(
      `SELECT topic || ':' || partition AS place, next_offset AS next FROM consumer_progress`,
    );
    const next = new Map(progress.map((row) => [row.place, row.next]));
    for (const topic of Object.values(topics)) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        if (next.get(`${topic}:${partition}`) !== high) return false;
      }
    }
    return !(await database.dataSource.getRepository(ReplayRequestEntity).exists());
  };

  return {
    database,
    settings: { DATABASE_URL: database.config.databaseUrl ?? '', DATABASE_SCHEMA: name, ...settings },
    topics,
    admin,
    producer,
    send: async (topic, messages) => {
      await producer.send({ topic, messages: messages.map((message) => ({ ...message })) });
    },
    read: async (topic) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const wanted = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
      const kept: Kept[] = [];
      const consumer = kafka.consumer({ groupId: `${prefix}read.${Math.random()}`, maxWaitTimeInMs: 200 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message }) => void kept.push({ ...message, partition }),
      });
      await until(async () => kept.length >= wanted, 30_000);
      await consumer.disconnect();
      return kept;
    },
    untilConsumed: async (timeoutMs = 30_000) => until(isConsumed, timeoutMs),
    close: async () => {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await database.drop();
    },
  };
}

/** A topic is listed a moment before its partitions take messages. */
async function hasLeaders(admin: Admin, topic: string): Promise<boolean> {
  return admin.fetchTopicOffsets(topic).then(
    () => true,
    () => false,
  );
}

/** Makes a network of random weights the live one, as a promotion of an empty log would. */
export async function liveNetwork(
  { dataSource }: FreshDatabase,
  itemIds: readonly string[],
  switches: RandomOptions = {},
): Promise<Network> {
  const version = await storeCheckpoint(dataSource, randomCheckpoint(itemIds, { width: 16, slots: 4, ...switches }));
  await dataSource.transaction(async (tx) => {
    await createMemoryPartition(tx, version);
    await setLiveModel(tx, version);
  });
  return loadNetwork(dataSource.manager, version);
}

@Module({})
class TestModule {}

/** The consumer and the intake in this process. They share nothing with others that are started like this but the database. */
export async function startIngestion({ database }: TestIngestion): Promise<INestApplicationContext> {
  const { config, dataSource } = database;
  const imports = [StorageModule.with(config, createLogger(config), dataSource), MemoryModule, IngestModule];
  const module = { module: TestModule, imports, providers: [InteractionIntake] };
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

export async function until(isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const started = Date.now();
  while (!(await isSo())) {
    if (Date.now() - started > timeoutMs) throw new Error(`it was not so after ${timeoutMs} ms`);
    await sleep(50);
  }
}
