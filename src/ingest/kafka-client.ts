/** The client of Kafka with this deployment's settings, its log in ours, and the topics that it needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka, type logLevel, type SASLOptions } from 'kafkajs';
import type { Config, topicNames } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Logger } from '../telemetry.js';
import { readEveryCodec } from './codecs.js';

/** Partitions of a topic by users that is made here; a topic that is there keeps its own. */
const partitionsByUser = 6;

/** A dead letter is its message and a few headers more. */
const headerBytes = 65_536;
/** Between two tries, and before a consumer that gave up begins anew; the client's own 30 s would come near the watchdog's patience. */
const longestPauseMs = 4_000;
const defaultMaxMessageBytes = 1_048_588;

export interface Topics {
  readonly interactions: string;
  readonly items: string;
  readonly users: string;
}

export function topicsOf({ kafkaTopicPrefix }: Config): Topics {
  const topic = (name: (typeof topicNames)[number]): string => `${kafkaTopicPrefix}${name}`;
  return { interactions: topic('interactions'), items: topic('items'), users: topic('users') };
}

export function deadLetterTopic(topic: string): string {
  return `${topic}.dlt`;
}

export function createKafka(config: Config, logger: Logger): Kafka {
  if (config.kafkaBrokers === null) throw new RecollectError('SETTINGS_INVALID', 'KAFKA_BROKERS is not set');
  readEveryCodec(config.kafkaMaxBatchBytes);
  return new kafkajs.Kafka({
    clientId: 'recollect',
    brokers: [...config.kafkaBrokers],
    ssl: config.kafkaTls,
    ...saslOf(config),
    connectionTimeout: 5_000,
    retry: { maxRetryTime: longestPauseMs },
    logCreator: () => (entry) => {
      const { message, error, groupId, topic, broker } = entry.log;
      const facts = { client: entry.namespace, groupId: groupId as unknown, topic: topic as unknown };
      logger[ourLevel(entry.level)]({ ...facts, broker: broker as unknown, reason: error as unknown }, message);
    },
  });
}

/** Lower than what kafkajs says: it reports as errors what it then tries again, and what it gives up on it throws. */
function ourLevel(level: logLevel): 'info' | 'debug' | 'trace' {
  if (level === kafkajs.logLevel.ERROR) return 'info';
  return level === kafkajs.logLevel.WARN || level === kafkajs.logLevel.INFO ? 'debug' : 'trace';
}

function saslOf({ kafkaSaslMechanism, kafkaUser, kafkaPassword }: Config): { sasl?: SASLOptions } {
  if (kafkaSaslMechanism === null || kafkaUser === null || kafkaPassword === null) return {};
  const login = { username: kafkaUser, password: kafkaPassword };
  switch (kafkaSaslMechanism) {
    case 'plain':
      return { sasl: { mechanism: 'plain', ...login } };
    case 'scram-sha-256':
      return { sasl: { mechanism: 'scram-sha-256', ...login } };
    case 'scram-sha-512':
      return { sasl: { mechanism: 'scram-sha-512', ...login } };
  }
}

/** Makes the topics and their dead-letter topics where they are missing. */
export async function ensureTopics(admin: Admin, { interactions, items, users }: Topics): Promise<void> {
  await ensureTopic(admin, interactions, partitionsByUser);
  await ensureTopic(admin, items, 1, { 'cleanup.policy': 'compact' });
  await ensureTopic(admin, users, partitionsByUser, { 'cleanup.policy': 'compact' });
  for (const topic of [interactions, items, users]) await ensureDeadLetterTopic(admin, topic);
}

/** A dead-letter topic has as many partitions as its topic, and takes messages that are a little larger. */
export async function ensureDeadLetterTopic(admin: Admin, topic: string): Promise<void> {
  const name = deadLetterTopic(topic);
  const count = await countPartitions(admin, topic);
  const maxBytes = (await maxMessageBytes(admin, topic)) + headerBytes;
  await ensureTopic(admin, name, count, { 'max.message.bytes': String(maxBytes) });
  if ((await countPartitions(admin, name)) < count)
    await admin.createPartitions({ topicPartitions: [{ topic: name, count }] });
}

/** Asks first: a user of the broker may be allowed to use topics and not to create them. */
async function ensureTopic(
  admin: Admin,
  topic: string,
  numPartitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const isThere = async (): Promise<boolean> => (await admin.listTopics()).includes(topic);
  if (await isThere()) return;
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, configEntries }] }); // waiting fails now and then
  for (let tries = 0; !(await isThere()); tries++) {
    if (tries === 50) throw new Error(`topic ${topic} was made, but the brokers do not show it`);
    await sleep(100);
  }
}

async function countPartitions(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
}

async function maxMessageBytes(admin: Admin, topic: string): Promise<number> {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type, name: topic, configNames: ['max.message.bytes'] }],
  });
  return Number(resources[0]?.configEntries[0]?.configValue ?? defaultMaxMessageBytes);
}

/** Thrown by the client: the brokers did not answer, or refused. */
export function isOfKafka(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}
