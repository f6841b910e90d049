/**
 * What an event costs the write path, from the bytes of its message to the commit: processor microseconds of this process and of a
 * Postgres of its own, without a broker, and which statements Postgres spends its time on. Users come as in `ingest`.
 *
 *   --events, --warm, --history, --cold, --visitors    as of `ingest`
 *   --batch    messages of a transaction       --partitions    that are written at a time, of 6
 *   --histories  of users with so many events each, such as 10,1000,100000: --warm users have each of them, and --events are written to
 *              those with the first, then to those with the next, in one log; nobody comes for the first time
 *   --set      a setting of Postgres, name=value, which may be given several times
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Admin, Producer } from 'kafkajs';
import { readConfig } from '../../src/config.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import type { Message } from '../../src/ingest/message.js';
import { topicsOf } from '../../src/ingest/kafka-client.js';
import { Streams } from '../../src/ingest/streams.js';
import { LateReplay } from '../../src/memory/late-replay.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { claimPartition } from '../../src/storage/consumer-progress.store.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { createLogger, Metrics } from '../../src/telemetry.js';
import { machine } from './machine.js';
import { startCounting } from './processor-time.js';
import { fillShop } from './shop-history.js';
import { Visits, type Shop } from './visits.js';
import { postmasterPid } from '../server-pids.js';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '300000' },
    warm: { type: 'string', default: '50000' },
    history: { type: 'string', default: '10' },
    cold: { type: 'string', default: '2500000' },
    visitors: { type: 'string', default: '25000' },
    batch: { type: 'string', default: '2000' },
    partitions: { type: 'string', default: '3' },
    histories: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const events = Number(values.events);
const batch = Number(values.batch);
const shop: Shop = {
  items: 100_000,
  warm: Number(values.warm),
  cold: Number(values.cold),
  coldShare: values.histories === undefined ? 0.5 : 0,
  visitors: Number(values.visitors),
};
const histories = (values.histories ?? values.history).split(',').map(Number);
const partitions = 6;

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder, {
  shared_buffers: '4GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '30min',
  wal_buffers: '64MB',
  shared_preload_libraries: 'pg_stat_statements',
  ...Object.fromEntries<string>(values.set.map((setting) => setting.split('=') as [string, string])),
});
const config = readConfig({ DATABASE_URL: postgres.url, RECOLLECT_LOG_LEVEL: 'error' });
const logger = createLogger(config);
const dataSource = await createDataSource(config).initialize();
const pid = postmasterPid(folder);

/** The messages of six partitions, each in the order of its offsets, for the users with the n-th of the histories. */
function messagesOf(topic: string, turn: number): readonly Message[][] {
  const visits = new Visits({ ...shop, firstWarm: turn * shop.warm }, 1, 'event');
  const begin = Date.now() - 86_400_000;
  const messages: Message[][] = Array.from({ length: partitions }, () => []);
  for (let n = 0; n < events; n++) {
    const { key, value } = visits.next(begin + n);
    const partition = Number(String(key).slice(-6)) % partitions;
    const own = messages[partition] as Message[];
    own.push({
      ...{
        topic,
        partition: turn * partitions + partition,
        offset: BigInt(own.length),
        timestamp: String(begin + n),
        headers: {},
      },
      ...{ key: Buffer.from(String(key)), value: Buffer.from(String(value)) },
    });
  }
  return messages;
}

async function fail(_attempt: number, error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

async function write(all: readonly Message[][], topic: string): Promise<void> {
  const live = new LiveModel(config, logger, dataSource);
  await live.refresh();
  const writer = new MemoryWriter(config, live, dataSource, new LateReplay(config, logger, live, dataSource));
  const streams = new Streams(config, writer, dataSource, new Metrics());
  const apply = streams.appliers({} as Producer, {} as Admin).get(topic);
  const owned = all.filter((messages) => messages.length > 0);
  const work = async (): Promise<void> => {
    for (let messages = owned.pop(); messages !== undefined; messages = owned.pop()) {
      const partition = messages[0]?.partition ?? 0;
      const { ownerEpoch } = await claimPartition(dataSource.manager, topic, partition, 0n);
      for (let from = 0; from < messages.length; from += batch) {
        const some = messages.slice(from, from + batch);
        const position = { startOffset: BigInt(from), endOffset: BigInt(from + some.length) };
        const turn = { wait: fail };
        await apply?.(some, { topic, partition, ownerEpoch, ...position }, turn);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.partitions) }, work));
}

/** What it took of an event. */
interface Statement {
  readonly calls: number;
  readonly us: number;
  readonly wal: number;
  /** whole ones in the WAL */
  readonly pages: number;
  readonly query: string;
}

const figures = (seconds: number): number => Number(((seconds / events) * 1e6).toFixed(1));

async function measure(topic: string, turn: number) {
  const all = messagesOf(topic, turn);
  const [started, spent] = [performance.now(), startCounting(pid)];
  await write(all, topic);
  const { node, postgres: server } = spent();
  const eventsPerSecond = Math.round((events / (performance.now() - started)) * 1_000);
  const microseconds = { node: figures(node), postgres: figures(server) };
  return { history: histories[turn], eventsPerSecond, microseconds };
}

try {
  await migrate(dataSource, config.databaseSchema);
  const version = await fillShop(dataSource, shop, ...histories);
  await new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource)).promote(version, {
    threads: 2,
  });
  await dataSource.query('CREATE EXTENSION pg_stat_statements');
  await dataSource.query('CHECKPOINT');
  await dataSource.query('SELECT pg_stat_statements_reset()');
  const { interactions: topic } = topicsOf(config);
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  for (const turn of histories.keys()) measured.push(await measure(topic, turn));
  const statements = await dataSource.query<Statement[]>(
    `SELECT calls::int, round((total_exec_time * 1000 / $1::int)::numeric, 2)::float8 AS us,
            round(wal_bytes / $1::int)::float8 AS wal, round((wal_fpi / $1::float8)::numeric, 2)::float8 AS pages, regexp_replace(query, '\\s+', ' ', 'g') AS query
       FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 12`,
    [events * histories.length],
  );
  for (const { calls, us, wal, pages, query } of statements)
    process.stdout.write(
      `${us.toFixed(2).padStart(7)} us ${String(wal).padStart(5)} bytes of WAL with ${pages.toFixed(2)} pages ${String(calls).padStart(6)} times  ${query.slice(0, 90)}\n`,
    );
  const walBytes = Math.round(statements.reduce((sum, { wal }) => sum + wal, 0));
  const [updates] = await dataSource.query<[{ all: number; hot: number }]>(
    `SELECT sum(n_tup_upd)::float8 AS all, sum(n_tup_hot_upd)::float8 AS hot FROM pg_stat_user_tables WHERE relname ~ '^user_memory_'`,
  );
  const hotShare = Number((updates.hot / updates.all).toFixed(3));
  process.stdout.write(
    `${JSON.stringify({ bench: 'write-path', machine, ...(measured.length > 1 ? { histories: measured } : measured[0]), walBytes, hotShare, batch, events, ...shop })}\n`,
  );
} finally {
  await dataSource.destroy();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
