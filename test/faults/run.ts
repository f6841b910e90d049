/**
 * The fault suite: faults that really happen to processes, servers and connections, and after each the database compared, row for row,
 * with a replay of the topic. `--only NAME` plays one scenario, `--short` a small form of each. The last line is JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { play, type Played } from './play.js';
import type { Size } from './scenario.js';
import { scenarios } from './scenarios.js';
import { Services } from './services.js';
import { tableOf } from './table.js';

const { values } = parseArgs({ options: { only: { type: 'string' }, short: { type: 'boolean', default: false } } });
const size: Size = values.short ? 'short' : 'full';
const chosen = scenarios.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  process.stderr.write(
    `no scenario is named ${values.only}; there are ${scenarios.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'recollect-faults-'));
const services = await Services.start(folder);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void services.stop().finally(() => process.exit(1)));
const played: Played[] = [];
for (const scenario of chosen) {
  process.stdout.write(`${scenario.name}: ${scenario.about} ...\n`);
  const one = await play(services, scenario, size);
  played.push(one);
  process.stdout.write(`${scenario.name}: ${one.failure ?? 'as it must be'}, ${one.seconds.toFixed(0)} s\n`);
}
await services.stop();
rmSync(folder, { recursive: true, force: true });

const sum = (of: (one: Played) => number): number => played.reduce((total, one) => total + of(one), 0);
const failed = played.filter(({ failure }) => failure !== null).length;
const line = {
  suite: 'faults',
  scenarios: played.length,
  failed,
  lost: sum(({ outcome }) => outcome?.lost ?? 0),
  doubled: sum(({ outcome }) => outcome?.doubled ?? 0),
};
process.stdout.write(`\n${tableOf(played)}\n${JSON.stringify(line)}\n`);
process.exit(failed === 0 ? 0 : 1);
