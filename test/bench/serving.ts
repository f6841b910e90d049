/**
 * Answers as they are deployed: an API process, Postgres, and a process that makes load, on this machine; authentication, limits and
 * the exact exclusion of seen items are on.
 *
 *   recommendations   ten items with their titles, 200 requests a second, 100,000 items, width 64
 *   profile           the slots of a memory with their categories, 100 a second
 *   small query       the version that serves, as fast as 32 connections ask
 *   at 1M             recommendations from 1,000,000 items, 20 a second, and the share of the exact best hundred that the scan finds
 *
 *   --seconds         of each load, 20 if not said          --large none   leaves the million out
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createKey } from '../../src/api/api-key.js';
import { readConfig } from '../../src/config.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { Network } from '../../src/model/network.js';
import { rank } from '../../src/model/rank.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { createLogger } from '../../src/telemetry.js';
import { IngestProcess } from '../ingest/ingest-process.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import type { Load, LoadFigures } from './load.js';
import { machine } from './machine.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, large: { type: 'string', default: '1000000' } },
});
const seconds = Number(values.seconds);
const users = 2_000;
const history = 30;
const width = 64;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const recommendations = `query ($userId: ID!) {
  recommendations(input: { userId: $userId, first: 10 }) { id source modelVersion items { rank score source item { id title } } }
}`;
const profile =
  'query ($userId: ID!) { memoryProfile(userId: $userId) { slots { index weight label } topCategories { category } topItems { item { id } } } }';
const small = '{ liveModel { version } }';

/** As the best hundred of the scores of all items; shares of what the ranking finds of them, and of the time that it takes. */
async function recallOf(network: Network): Promise<number> {
  let found = 0;
  const questions = 20;
  for (let user = 0; user < questions; user++) {
    const { state } = network.trace(
      Array.from({ length: history }, (_, n) => 1 + ((user * 7_919 + n * 104_729) % network.dimensions.items)),
    );
    const exact = new Set(rank(network.scores(state), 100).map(({ row }) => row));
    const best = await network.ranking(state).best(100, () => true);
    found += best.filter(({ row }) => exact.has(row)).length;
  }
  return found / (100 * questions);
}

interface Deployment {
  readonly rssMb: () => number;
  load(query: string, perSecond: number | null): Promise<LoadFigures>;
  readonly recall: number;
  stop(): Promise<void>;
}

async function deploy(databaseUrl: string, items: number): Promise<Deployment> {
  const settings = {
    DATABASE_URL: databaseUrl,
    DATABASE_SCHEMA: `serving_${items}`,
    RECOLLECT_LOG_LEVEL: 'info',
    RECOLLECT_ROLE: 'api',
    ...{ MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '65536' }, // as the image has them
  };
  const config = readConfig(settings);
  const logger = createLogger({ ...config, logLevel: 'error' });
  const dataSource = await createDataSource(config).initialize();
  await migrate(dataSource, config.databaseSchema);
  await dataSource.query(
    `INSERT INTO item (id, title, categories, change_number)
     SELECT 'item-' || n, 'Item ' || n, ARRAY['category ' || n % 50], pg_current_xact_id()::text::bigint FROM generate_series(0, $1::int - 1) AS n`,
    [items],
  );
  await dataSource.query(
    `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
     SELECT 'user-' || n % $1::int, 'past-' || n, 'item-' || n::bigint * 104729 % $3::int, 'view', now() - interval '30 days' + n * interval '1 second'
       FROM generate_series(0, $1::int * $2::int - 1) AS n`,
    [users, history, items],
  );
  await dataSource.query('VACUUM ANALYZE');
  const itemIds = Array.from({ length: items }, (_, n) => `item-${n}`);
  const checkpoint = randomCheckpoint(itemIds, { width, slots: 4 });
  const version = await storeCheckpoint(dataSource, checkpoint);
  await new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource)).promote(version);
  const recall = await recallOf(new Network(checkpoint));
  const { key } = await createKey(dataSource.manager, { name: 'bench', scopes: ['reader'], expiresAt: null });
  await dataSource.destroy();
  const api = new IngestProcess(settings, ['--max-semi-space-size=16']); // as compose.yaml gives the role
  const urlOf = (): string | undefined => /"url":"([^"]+)"/.exec(api.log)?.[1];
  while (urlOf() === undefined) {
    await api.refuseEnded();
    await sleep(100);
  }
  const url = `${urlOf() ?? ''}/graphql`;
  return {
    recall,
    rssMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))?.[1] ?? NaN) / 1_024,
    load: async (query, perSecond) => {
      const asked = {
        url,
        key,
        query,
        users,
        perSecond,
        connections: 32,
        variables: query === small ? {} : { userId: 'user-{n}' },
      };
      await loadOf({ ...asked, seconds: Math.min(5, seconds) }); // warm-up
      return loadOf({ ...asked, seconds });
    },
    stop: async () => {
      await api.stop();
    },
  };
}

async function loadOf(load: Load): Promise<LoadFigures> {
  const program = fileURLToPath(new URL('load.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(load)]);
  const figures = JSON.parse(stdout) as LoadFigures;
  if (figures.failed > 0) throw new Error(`${figures.failed} of ${figures.requests} requests failed`);
  return figures;
}

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder);
try {
  const items = 100_000;
  const first = await deploy(postgres.url, items);
  const answers = await first.load(recommendations, 200);
  say(`recommendations: ${JSON.stringify(answers)}, ${first.rssMb().toFixed(0)} MB`);
  const profiles = await first.load(profile, 100);
  say(`profile: ${JSON.stringify(profiles)}`);
  const smallest = await first.load(small, null);
  say(`small query: ${JSON.stringify(smallest)}`);
  await first.stop();
  const large = Number(values.large);
  let atLarge: Record<string, number> = {};
  if (Number.isFinite(large)) {
    const second = await deploy(postgres.url, large);
    const found = await second.load(recommendations, 20);
    say(`recommendations of ${large} items: ${JSON.stringify(found)}, ${second.rssMb().toFixed(0)} MB`);
    atLarge = { p99MsAt1M: found.p99Ms, recallAt1M: second.recall, rssMbAt1M: Math.round(second.rssMb()) };
    await second.stop();
  }
  const figures = {
    items,
    p50Ms: answers.p50Ms,
    p99Ms: answers.p99Ms,
    requestsPerSecond: answers.requestsPerSecond,
    smallQueryPerSecond: smallest.requestsPerSecond,
    profileP99Ms: profiles.p99Ms,
    ...atLarge,
  };
  say(JSON.stringify({ bench: 'serving', ...figures, machine }));
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
