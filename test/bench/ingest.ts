/**
 * Ingestion as it is deployed: one ingest process, a broker and a Postgres of their own on this machine, 100,000 items, users with a
 * memory and users who come for the first time. Measured are, one after the other: the rebuild of the memories of the users who have a
 * history; a backlog that was written while the process was down; and how long an event takes to an answer of an API process while
 * others come at a steady rate.
 *
 *   --events    of the backlog            --warm      users with a memory, each with --history events in the log
 *   --cold      users who may come new    --visitors  visits under way at a time, of 8 events each on average, half of them of new users
 *   --rate      events a second beside those whose way to the answer is timed, for --seconds
 *   --profile   a folder for a CPU profile of the ingest process
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import kafkajs, { type Message } from 'kafkajs';
import { GraphqlClient } from '../../src/cli/demo/graphql-client.js';
import { readConfig } from '../../src/config.js';
import { startKafka } from '../../src/embedded/kafka.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { ensureTopics, topicsOf } from '../../src/ingest/kafka-client.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { startService } from '../../src/service.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { createLogger } from '../../src/telemetry.js';
import { IngestProcess } from '../ingest/ingest-process.js';
import { machine } from './machine.js';
import { processorSeconds } from './processor-time.js';
import { fillShop } from './shop-history.js';
import { measureVisible, type VisibleFigures } from './visible.js';
import { eventOf, itemOf, Visits, type Shop } from './visits.js';
import { brokerPid, postmasterPid } from '../server-pids.js';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1200000' },
    warm: { type: 'string', default: '200000' },
    history: { type: 'string', default: '10' },
    cold: { type: 'string', default: '10000000' },
    visitors: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '30' },
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

/** As README advises for such a load. */
const postgresSettings = {
  shared_buffers: '4GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '30min',
  wal_buffers: '64MB',
};

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder, postgresSettings);
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
const servers = { postgres: postmasterPid(folder), kafka: brokerPid(folder) };

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const started = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - started) / 1_000 };
}

/** Returns events a second of the rebuild that makes the memories of the users with a history. */
async function prepare(): Promise<number> {
  await migrate(dataSource, config.databaseSchema);
  const version = await fillShop(dataSource, shop, history);
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

/** Has the ingest process, which has just been started, apply what waits. The clock runs from the first commit. */
async function drain(ingest: IngestProcess): Promise<number> {
  const end = await produced();
  const before = await consumed();
  const pids = { node: ingest.pid, ...servers };
  let first = before;
  while (first === before) {
    await ingest.refuseEnded();
    await sleep(20);
    first = await consumed();
  }
  const spent = Object.entries(pids).map(([process, pid]) => ({ process, pid, from: processorSeconds(pid) }));
  const { seconds } = await timed(async () => {
    while ((await consumed()) < end) {
      await ingest.refuseEnded();
      await sleep(100);
    }
  });
  const count = end - first;
  const microseconds = spent.map(({ process, pid, from }) => {
    const each = ((processorSeconds(pid) - from) / count) * 1e6;
    return `${process} ${each.toFixed(1)} us`;
  });
  const perSecond = Math.round(count / seconds);
  say(
    `backlog: ${count} events in ${seconds.toFixed(1)} s, ${perSecond} a second; processor time an event: ${microseconds.join(', ')}`,
  );
  return perSecond;
}

/** Times events on their way to answers of an API process; it is this one, which also sends the events. */
async function timeVisible(): Promise<VisibleFigures> {
  const api = readConfig({ ...settings, RECOLLECT_ROLE: 'api', RECOLLECT_PORT: '0', RECOLLECT_AUTHENTICATION: 'off' });
  const service = await startService(api, createLogger(api));
  const visits = new Visits(shop, 2, 'later');
  const parts = {
    client: new GraphqlClient(`${service.url}/graphql`, ''),
    send: async (messages: readonly Message[]) => {
      await producer.send({ topic, messages: [...messages], acks: 1 });
    },
    next: () => visits.next(Date.now()),
    watched: (user: number) => {
      const key = `watched-${user}`;
      return {
        ...eventOf(`watched-${performance.now()}`, key, itemOf((user * 7_919) % shop.items), Date.now(), 0),
        key,
      };
    },
  };
  const figures = await measureVisible(parts, Number(values.rate), Number(values.seconds));
  await service.stop();
  return figures;
}

/** Of the table of memories: a row, and what a row takes on disk with index and free room. */
async function memoryBytes(): Promise<{ readonly bytesPerUser: number; readonly bytesPerUserOnDisk: number }> {
  const [row] = await dataSource.query<[{ bytesPerUser: number; bytesPerUserOnDisk: number }]>(
    `SELECT round(avg(pg_column_size(m)))::int AS "bytesPerUser",
            ((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('user_memory')) / count(*))::int AS "bytesPerUserOnDisk"
       FROM user_memory m`,
  );
  return row;
}

try {
  await Promise.all([admin.connect(), producer.connect()]);
  await ensureTopics(admin, topicsOf(config));
  const prepared = await timed(prepare);
  say(`${shop.warm} users with ${history} events each, prepared in ${prepared.seconds.toFixed(0)} s`);
  const visits = new Visits(shop, 1, 'event');
  const begin = Date.now() - day;
  await produce(events, (n) => visits.next(begin + n));
  say('the backlog is written');
  const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const ingest = new IngestProcess(settings, ['--max-semi-space-size=64', ...profile]);
  const eventsPerSecond = await drain(ingest);
  const visible = await timeVisible();
  await ingest.stop();
  say(
    JSON.stringify({
      bench: 'ingest',
      eventsPerSecond,
      ...visible,
      ...(await memoryBytes()),
      rebuildEventsPerSecond: prepared.result,
      ...{ events, history, ...shop, machine },
    }),
  );
} finally {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await dataSource.destroy();
  await kafka.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
