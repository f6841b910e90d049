/**
 * Files into Postgres: JSON lines without ids into an empty log, the first tenth of it again (all duplicates), and as much under a live
 * model into the memories. `--rows` sets how many; the file is made before, and its making is not in the figures.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { importNamed } from '../../src/import/import-named.js';
import { Report } from '../../src/import/report.js';
import { createDataSource, migrate } from '../../src/storage/data-source.js';
import { setLiveModel } from '../../src/storage/model.store.js';
import { createMemoryPartition } from '../../src/storage/user-memory.store.js';
import { Random } from '../../src/training/random.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { machine } from './machine.js';
import { startCounting } from './processor-time.js';
import { postmasterPid } from '../server-pids.js';

const items = 10_000;
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const rows = Number(values.rows);
const some = Math.ceil(rows / 10);

const folder = mkdtempSync(join(tmpdir(), 'recollect-bench-'));
const postgres = await startPostgres(folder);
const postgresPid = postmasterPid(folder);
const config = readConfig({ DATABASE_URL: postgres.url, RECOLLECT_LOG_LEVEL: 'error' });
const dataSource = await createDataSource(config).initialize();
await migrate(dataSource, config.databaseSchema);

/** About thirty events a user, in the order of time; users and items by no pattern. */
function rowsFile(name: string, count: number, seed: number): string {
  const path = join(folder, name);
  const random = new Random(seed);
  const file = openSync(path, 'w');
  let text = '';
  for (let row = 0; row < count; row++) {
    const userId = `user-${Math.floor((random.next() * rows) / 30)}`;
    const itemId = `item-${Math.floor(items * random.next() ** 2)}`;
    const occurredAt = new Date(Date.UTC(2026, 0, 1) + row * 10).toISOString();
    text += `${JSON.stringify({ userId, itemId, kind: 'view', occurredAt })}\n`;
    if (text.length < 1_000_000 && row < count - 1) continue;
    writeSync(file, text);
    text = '';
  }
  closeSync(file);
  return path;
}

interface Speed {
  readonly rowsPerSecond: number;
  /** processor microseconds a row, of this process and of Postgres */
  readonly nodeMicroseconds: number;
  readonly postgresMicroseconds: number;
}

async function measure(path: string): Promise<Speed> {
  const report = new Report();
  const [started, spent] = [performance.now(), startCounting(postgresPid)];
  await importNamed([path], { of: 'interactions', quotes: true }, config, dataSource, report);
  const seconds = (performance.now() - started) / 1000;
  const { node, postgres: server } = spent();
  if (report.total.refused > 0) throw new Error(report.summary());
  const ofRow = (all: number): number => Number(((1e6 * all) / report.total.rows).toFixed(1));
  return {
    rowsPerSecond: Math.round(report.total.rows / seconds),
    nodeMicroseconds: ofRow(node),
    postgresMicroseconds: ofRow(server),
  };
}

const file = rowsFile('rows.jsonl', rows, 1);
const first = await measure(file);
const again = await measure(rowsFile('again.jsonl', some, 1));

const itemIds = Array.from({ length: items }, (_, at) => `item-${at}`);
const version = await storeCheckpoint(dataSource, randomCheckpoint(itemIds, { width: 64, slots: 4 }));
await dataSource.transaction(async (tx) => {
  await createMemoryPartition(tx, version);
  await setLiveModel(tx, version);
});
const underModel = await measure(rowsFile('more.jsonl', some, 2));

await dataSource.destroy();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });

const figures = {
  rows,
  ...first,
  againRowsPerSecond: again.rowsPerSecond,
  modelRowsPerSecond: underModel.rowsPerSecond,
};
process.stdout.write(`${JSON.stringify({ bench: 'import', ...figures, machine })}\n`);
process.exit(0);
