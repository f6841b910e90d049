/**
 * A rebuild of all memories out of the log, on a Postgres of its own on this machine: events a second with one thread and with two,
 * and what an event costs in processor time: this process, threads included, and Postgres. `--users` and `--events` set the log, 100 events
 * a user unless they say so; after `--rounds` the best of each is told, as other work on the machine takes its part.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { createLogger } from '../../src/telemetry.js';
import { defaultHyperparameters } from '../../src/training/hyperparameters.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { machine } from './machine.js';
import { startCounting } from './processor-time.js';
import { postmasterPid } from '../server-pids.js';

const { values } = parseArgs({
  options: { users: { type: 'string' }, events: { type: 'string' }, rounds: { type: 'string', default: '1' } },
});
const users = Number(values.users ?? 5_000);
const events = Number(values.events ?? 100 * users);

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder);
const postgresPid = postmasterPid(folder);
const config = readConfig({ DATABASE_URL: postgres.url, RECOLLECT_LOG_LEVEL: 'error' });
const dataSource = await createDataSource(config).initialize();

async function measure(promotion: Promotion, threads: number): Promise<Figures> {
  const [started, spent] = [performance.now(), startCounting(postgresPid)];
  await promotion.rebuild({ threads });
  const seconds = (performance.now() - started) / 1_000;
  const { node, postgres: server } = spent();
  const ofEvent = (all: number): number => Number(((1e6 * all) / events).toFixed(1));
  return {
    threads,
    seconds: Number(seconds.toFixed(2)),
    eventsPerSecond: Math.round(events / seconds),
    nodeMicroseconds: ofEvent(node),
    postgresMicroseconds: ofEvent(server),
  };
}

interface Figures {
  readonly threads: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly nodeMicroseconds: number;
  readonly postgresMicroseconds: number;
}

try {
  await migrate(dataSource, config.databaseSchema);
  await dataSource.query(
    `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
     SELECT 'user-' || n % $1::int, 'event-' || n, 'item-' || n::bigint * 7919 % 10000, 'view', timestamptz '2026-01-01' + n * interval '1 s'
       FROM generate_series(0, $2::int - 1) AS n`,
    [users, events],
  );
  await dataSource.query('VACUUM ANALYZE interaction');
  const { width, slots, heads, blocks } = defaultHyperparameters;
  const itemIds = Array.from({ length: 10_000 }, (_, item) => `item-${item}`);
  const version = await storeCheckpoint(dataSource, randomCheckpoint(itemIds, { width, slots, heads, blocks }));
  const logger = createLogger(config);
  const promotion = new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource));
  await promotion.promote(version);
  const figures = [];
  for (const threads of [1, 2]) {
    const rounds = [];
    for (let round = 0; round < Number(values.rounds); round++) rounds.push(await measure(promotion, threads));
    const best = rounds.reduce((one, other) => (other.seconds < one.seconds ? other : one));
    figures.push(best);
    process.stdout.write(
      `${threads} thread(s): ${best.seconds} s, ${best.eventsPerSecond} events/s; processor an event: ${best.nodeMicroseconds} us here, ${best.postgresMicroseconds} us in Postgres\n`,
    );
  }
  process.stdout.write(`${JSON.stringify({ bench: 'rebuild', machine, users, events, figures })}\n`);
} finally {
  await dataSource.destroy();
  await postgres.stop();
  rmSync(folder, { recursive: true });
}
