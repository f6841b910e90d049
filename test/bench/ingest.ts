/**
 * Ingestion as it is deployed: one ingest process, a broker and a Postgres of their own on this machine, 100,000 items, users with a
 * memory and users who come for the first time. A backlog is written while the process is down, then it is started.
 *
 *   --events    of the backlog            --warm      users with a memory, each with --history events in the log
 *   --cold      users who may come new    --visitors  visits under way at a time, of 8 events each on average, half of them of new users
 *   --profile   a folder for a CPU profile of the ingest process
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import kafkajs, { type Message } from 'kafkajs';
import { readConfig } from '../../src/config.js';
import { startKafka } from '../../src/embedded/kafka.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { ensureTopics, topicsOf } from '../../src/ingest/kafka-client.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { createLogger } from '../../src/telemetry.js';
import { defaultHyperparameters } from '../../src/training/hyperparameters.js';
import { IngestProcess } from '../ingest/ingest-process.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { machine } from './machine.js';
import { processorSeconds } from './processor-time.js';
import { itemOf, Visits, type Shop } from './visits.js';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1200000' },
    warm: { type: 'string', default: '200000' },
    history: { type: 'string', default: '10' },
    cold: { type: 'string', default: '10000000' },
    visitors: { type: 'string', default: '100000' },
    profile: { type: 'string' },
  },
});
const events = Number(values.events);
const history = Number(values.history);
const shop: Shop = {
  items: 100_000,
  warm: Number(values.warm),
  cold: Number(values.cold),
  coldShare: 0.5,
  visitors: Number(values.visitors),
};
const day = 86_400_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder);
const kafka = await startKafka(folder);
const settings = {
  DATABASE_URL: postgres.url,
  KAFKA_BROKERS: kafka.brokers,
  RECOLLECT_ROLE: 'ingest',
  RECOLLECT_LOG_LEVEL: 'error',
};
const config = readConfig(settings);
const logger = createLogger(config);
const dataSource = await createDataSource(config).initialize();
const client = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
const admin = client.admin();
const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
const { interactions: topic } = topicsOf(config);
const pidIn = (file: string): number => Number(readFileSync(join(folder, file), 'utf8').split('\n')[0]);
const servers = { postgres: pidIn('postgres/data/postmaster.pid'), kafka: pidIn('kafka/kafka.pid') };

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const started = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - started) / 1_000 };
}

/** The log of the users with a memory, and the memories out of it. Returns events a second of the rebuild. */
async function prepare(): Promise<number> {
  await migrate(dataSource, config.databaseSchema);
  await dataSource.query(
    `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
     SELECT 'user-' || lpad((n / $2::int)::text, 9, '0'), 'past-' || n, 'item-' || n::bigint * 7919 % $3::int, 'view',
            now() - interval '30 days' + n % $2::int * interval '1 hour'
       FROM generate_series(0, $1::int * $2::int - 1) AS n`,
    [shop.warm, history, shop.items],
  );
  await dataSource.query('VACUUM ANALYZE interaction');
  const itemIds = Array.from({ length: shop.items }, (_, item) => itemOf(item));
  const { width, slots, heads, blocks } = defaultHyperparameters;
  const version = await storeCheckpoint(dataSource, randomCheckpoint(itemIds, { width, slots, heads, blocks }));
  const promotion = new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource));
  const { seconds } = await timed(async () => promotion.promote(version, { threads: 2 }));
  await dataSource.query('CHECKPOINT');
  return Math.round((shop.warm * history) / seconds);
}

async function produce(count: number, next: (event: number) => Message): Promise<void> {
  const atOnce = 10_000;
  for (let from = 0; from < count; from += atOnce) {
    const messages = Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => next(from + n));
    await producer.send({ topic, messages, acks: 1 });
  }
}

/** Sum of the next offsets of all partitions, or of their ends. */
async function consumed(): Promise<number> {
  const rows: { next: number }[] = await dataSource.query(
    'SELECT coalesce(sum(next_offset), 0)::float8 AS next FROM consumer_progress WHERE topic = $1',
    [topic],
  );
  return rows[0]?.next ?? 0;
}

async function produced(): Promise<number> {
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

/** Starts the ingest process on what waits, and stops it at the end. The clock runs from the first commit. */
async function drain(name: string): Promise<number> {
  const end = await produced();
  const flags = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const before = await consumed();
  const ingest = new IngestProcess(settings, flags);
  const pids = { node: ingest.pid, ...servers };
  let first = before;
  while (first === before) {
    if (ingest.exitCode !== null) throw new Error(`the ingest process ended:\n${ingest.log}`);
    await sleep(20);
    first = await consumed();
  }
  const spent = Object.entries(pids).map(([process, pid]) => ({ process, pid, from: processorSeconds(pid) }));
  const { seconds } = await timed(async () => {
    while ((await consumed()) < end) await sleep(100);
  });
  const count = end - first;
  const microseconds = spent.map(({ process, pid, from }) => {
    const each = ((processorSeconds(pid) - from) / count) * 1e6;
    return `${process} ${each.toFixed(1)} us`;
  });
  await ingest.stop();
  const perSecond = Math.round(count / seconds);
  say(
    `${name}: ${count} events in ${seconds.toFixed(1)} s, ${perSecond} a second; processor time an event: ${microseconds.join(', ')}`,
  );
  return perSecond;
}

try {
  await Promise.all([admin.connect(), producer.connect()]);
  await ensureTopics(admin, topicsOf(config));
  const prepared = await timed(prepare);
  say(`${shop.warm} users with ${history} events each, prepared in ${prepared.seconds.toFixed(0)} s`);
  const visits = new Visits(shop, 1);
  const begin = Date.now() - day;
  await produce(events, (n) => visits.next(begin + n));
  say('the backlog is written');
  const eventsPerSecond = await drain('backlog');
  const figures = { eventsPerSecond, rebuildEventsPerSecond: prepared.result };
  say(JSON.stringify({ bench: 'ingest', ...figures, events, history, ...shop, machine }));
} finally {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await dataSource.destroy();
  await kafka.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
