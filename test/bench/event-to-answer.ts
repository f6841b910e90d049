/**
 * From an event to the answer that knows it: each event is sent through Kafka to the whole service in one process, then the user's
 * recommendations are asked for over HTTP until they have seen one interaction more and the memory was written anew.
 * The figure is the time from sending to that answer, the last wait of 5 ms included.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { GraphqlClient } from '../../src/cli/demo/graphql-client.js';
import { readConfig } from '../../src/config.js';
import { startKafka } from '../../src/embedded/kafka.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { startService } from '../../src/service.js';
import { createLogger } from '../../src/telemetry.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { machine } from './machine.js';

const items = 10_000;
const users = 100;
const events = 300;

interface Seen {
  readonly recommendations: { readonly interactionsSeen: number; readonly memoryUpdatedAt: string | null };
}

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder);
const kafka = await startKafka(folder);
const config = readConfig({
  DATABASE_URL: postgres.url,
  KAFKA_BROKERS: kafka.brokers,
  RECOLLECT_PORT: '0',
  RECOLLECT_LOG_LEVEL: 'error',
});
const service = await startService(config, createLogger(config));
const client = new GraphqlClient(`${service.url}/graphql`, service.operatorKey ?? '');
const producer = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).producer();
await producer.connect();

const itemIds = Array.from({ length: items }, (_, at) => `item-${at}`);
for (let at = 0; at < items; at += 500) {
  await client.request('mutation ($input: PutItemsInput!) { putItems(input: $input) { userErrors { message } } }', {
    input: { items: itemIds.slice(at, at + 500).map((id) => ({ id, title: id })) },
  });
}
const version = await storeCheckpoint(service.dataSource, randomCheckpoint(itemIds, { width: 64, slots: 4 }));
await service.app.get(Promotion).promote(version);

const ask = async (userId: string): Promise<Seen['recommendations']> =>
  (
    await client.request<Seen>(
      'query ($userId: ID!) { recommendations(input: { userId: $userId }) { interactionsSeen memoryUpdatedAt items { item { title } } } }',
      { userId },
    )
  ).recommendations;

async function once(number: number): Promise<number> {
  const userId = `user-${number % users}`;
  const before = await ask(userId);
  const occurredAt = new Date().toISOString();
  const itemId = itemIds[(number * 7_919) % items];
  const started = performance.now();
  await producer.send({
    topic: `${config.kafkaTopicPrefix}interactions`,
    messages: [{ key: userId, value: JSON.stringify({ userId, itemId, kind: 'view', occurredAt }) }],
  });
  for (;;) {
    const { interactionsSeen, memoryUpdatedAt } = await ask(userId);
    if (interactionsSeen === before.interactionsSeen + 1 && memoryUpdatedAt !== before.memoryUpdatedAt) break;
    await sleep(5);
  }
  return performance.now() - started;
}

for (let number = 0; number < 50; number++) await once(number); // warm-up
const times: number[] = [];
for (let number = 0; number < events; number++) times.push(await once(number));
times.sort((a, b) => a - b);
const quantile = (share: number): number =>
  Number((times[Math.min(events - 1, Math.floor(share * events))] ?? NaN).toFixed(1));

await producer.disconnect();
await service.stop();
await kafka.stop();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });

const figures = {
  events,
  items,
  p50Ms: quantile(0.5),
  p90Ms: quantile(0.9),
  p99Ms: quantile(0.99),
  maxMs: quantile(1),
};
process.stdout.write(`${JSON.stringify({ bench: 'event-to-answer', ...figures, machine })}\n`);
process.exit(0);
