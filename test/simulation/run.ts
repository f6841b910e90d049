/**
 * Histories of the write path on a Postgres of its own: `--seeds 1000` of them, from seed `--from` on, or the one of `--seed`; in as
 * many threads at once as there are cores, or `--threads`. A seed that fails is printed with what differs and how to run it alone;
 * the last line is JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { startPostgres } from '../../src/embedded/postgres.js';
import type { Outcome } from './history.js';
import type { Share } from './run-thread.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { seeds: text, from: text, seed: text, threads: text } });
const numberOf = (name: keyof typeof values, otherwise: number): number => {
  const given = values[name] ?? String(otherwise);
  if (/^\d{1,9}$/.test(given)) return Number(given);
  process.stderr.write(`--${name} "${given}" is not a whole number\n`);
  process.exit(2);
};
const from = numberOf('seed', numberOf('from', 0));
const seeds = values.seed === undefined ? numberOf('seeds', 1_000) : 1;
const threads = Math.min(seeds, Math.max(1, numberOf('threads', availableParallelism())));
const reportEvery = 100;
const shownFaults = 8;

const totals: Record<string, number> = {};
const started = performance.now();
let done = 0;
let failed = 0;
const tell = (seed: number, { faults, figures }: Outcome): void => {
  for (const [name, figure] of Object.entries(figures)) totals[name] = (totals[name] ?? 0) + figure;
  done += 1;
  if (faults.length > 0) {
    failed += 1;
    const shown = faults.slice(0, shownFaults).map((fault) => `  ${fault}`);
    if (faults.length > shownFaults) shown.push(`  and ${faults.length - shownFaults} more`);
    process.stdout.write(`seed ${seed} failed: npm run test:simulation -- --seed ${seed}\n${shown.join('\n')}\n`);
  }
  if (done % reportEvery !== 0 && done !== seeds) return;
  const perSecond = (done / (performance.now() - started)) * 1_000;
  process.stdout.write(`${done} of ${seeds} histories, ${perSecond.toFixed(1)} a second, ${failed} failed\n`);
};

const folder = mkdtempSync(join(tmpdir(), 'recollect-simulation-'));
const postgres = await startPostgres(folder);
try {
  const shares = Array.from({ length: threads }, (_, thread): Share => {
    return {
      databaseUrl: postgres.url,
      schema: `simulation_${thread}`,
      from: from + thread,
      to: from + seeds,
      step: threads,
    };
  });
  await Promise.all(
    shares.map(async (workerData) => {
      const worker = new Worker(new URL('./run-thread.js', import.meta.url), { workerData });
      worker.on('message', ({ seed, outcome }: { seed: number; outcome: Outcome }) => {
        tell(seed, outcome);
      });
      await new Promise<void>((resolve, reject) => {
        worker.once('error', reject).once('exit', () => {
          resolve();
        });
      });
    }),
  );
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
process.stdout.write(`${JSON.stringify({ suite: 'simulation', seeds: done, failed })}\n`);
process.exitCode = failed === 0 && done === seeds ? 0 : 1;
