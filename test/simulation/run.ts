/**
 * Histories of the write path on a Postgres of its own: `--seeds 1000` of them, from seed `--from` on, or the one of `--seed`.
 * A seed that fails is printed with what differs and how to run it alone; the last line is JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../src/embedded/postgres.js';
import { freshDatabase } from '../fresh-database.js';
import { Simulation } from './simulation.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { seeds: text, from: text, seed: text } });
const numberOf = (name: keyof typeof values, otherwise: number): number => {
  const given = values[name] ?? String(otherwise);
  if (/^\d{1,9}$/.test(given)) return Number(given);
  process.stderr.write(`--${name} "${given}" is not a whole number\n`);
  process.exit(2);
};
const from = numberOf('seed', numberOf('from', 0));
const seeds = values.seed === undefined ? numberOf('seeds', 1_000) : 1;
const reportEvery = 100;
const shownFaults = 8;

const folder = mkdtempSync(join(tmpdir(), 'recollect-simulation-'));
const postgres = await startPostgres(folder);
process.env.RECOLLECT_TEST_DATABASE_URL = postgres.url;
const database = await freshDatabase('simulation');
const simulation = await Simulation.prepare(database);
const totals: Record<string, number> = {};
let failed = 0;
try {
  const started = performance.now();
  for (let seed = from; seed < from + seeds; seed++) {
    const { faults, figures } = await simulation.run(seed);
    for (const [name, figure] of Object.entries(figures)) totals[name] = (totals[name] ?? 0) + figure;
    if (faults.length > 0) {
      failed += 1;
      const shown = faults.slice(0, shownFaults).map((fault) => `  ${fault}`);
      if (faults.length > shownFaults) shown.push(`  and ${faults.length - shownFaults} more`);
      process.stdout.write(`seed ${seed} failed: npm run test:simulation -- --seed ${seed}\n${shown.join('\n')}\n`);
    }
    const done = seed - from + 1;
    if (done % reportEvery !== 0 && done !== seeds) continue;
    const perSecond = (done / (performance.now() - started)) * 1_000;
    process.stdout.write(`${done} of ${seeds} histories, ${perSecond.toFixed(1)} a second, ${failed} failed\n`);
  }
  process.stdout.write(`${JSON.stringify(totals)}\n`);
} finally {
  await simulation.close();
  await database.drop();
  await postgres.stop();
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${JSON.stringify({ suite: 'simulation', seeds, failed })}\n`);
process.exitCode = failed === 0 ? 0 : 1;
