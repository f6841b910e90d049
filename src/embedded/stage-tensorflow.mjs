/**
 * Puts the native TensorFlow library where `@tensorflow/tfjs-node` looks for it. Without it everything but training
 * runs.
 *
 * The package's own install script downloads from a host that a closed network refuses, so it is installed with its
 * scripts off, and the library comes out of the PyPI wheel `tensorflow-cpu` (see tensorflow-wheel): it is linked as
 * the package's `deps`, the addon's C++ files are compiled against it, and it is loaded once as a check. Where
 * python, pip or g++ is missing (or the system is not Linux on x86-64) the package's own download is the second way.
 *
 * A cold run takes about half a minute, a repeated one a few milliseconds. It runs on Node 20 too: a set-up step may
 * come before the project's own Node.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { must, root, run } from './run-command.mjs';
import { stageFolder, stageWheel, version } from './tensorflow-wheel.mjs';

const tfjs = path.join(root, 'node_modules', '@tensorflow', 'tfjs-node');
const addon = path.join(tfjs, 'lib', 'napi-v8', 'tfjs_binding.node');
const stamp = path.join(tfjs, 'lib', 'loaded.json');

const ways = [
  { how: 'wheel', take: fromWheel, words: `libtensorflow ${version} out of the PyPI wheel tensorflow-cpu` },
  { how: 'download', take: fromDownload, words: "libtensorflow by @tensorflow/tfjs-node's own download" },
];

/**
 * Makes the native library loadable, and says which way it took.
 * @param {(line: string) => void} [log] told before each step that takes long
 * @returns {Promise<{ok: boolean, how: 'ready' | 'wheel' | 'download' | 'none', message: string}>}
 */
export async function stageTensorflow(log = () => {}) {
  if (!fs.existsSync(path.join(tfjs, 'package.json'))) {
    return failed('@tensorflow/tfjs-node is not installed: run `npm ci` first');
  }
  if (isStamped() || (fs.existsSync(addon) && (await load()).ok)) {
    return { ok: true, how: 'ready', message: 'TensorFlow is ready' };
  }
  const faults = [];
  for (const { how, take, words } of ways) {
    try {
      log(`staging ${words}`);
      await take(log);
      const { ok, output } = await load();
      if (ok) return { ok, how, message: `TensorFlow is ready: ${words}` };
      faults.push(`${words}: the addon does not load: ${output}`);
    } catch (error) {
      faults.push(`${words}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed(
    `${faults.join('\n')}\nInstall python3 with pip and g++ (Debian: apt install python3-pip g++) on Linux x86-64, ` +
      "or allow the package's own download. Until then training is not available; everything else is.",
  );
}

function failed(message) {
  return { ok: false, how: 'none', message };
}

async function fromWheel(log) {
  const built = builtAddon();
  if (!fs.existsSync(built) && !(await run('g++', ['--version'])).ok) throw new Error('`g++` does not run here');
  await stageWheel(log);
  replaceDeps();
  fs.symlinkSync(stageFolder(), path.join(tfjs, 'deps'));
  if (!fs.existsSync(built)) await compile(built, log);
  fs.mkdirSync(path.dirname(addon), { recursive: true });
  fs.copyFileSync(built, `${addon}.part-${process.pid}`);
  fs.renameSync(`${addon}.part-${process.pid}`, addon);
}

async function fromDownload() {
  replaceDeps();
  fs.rmSync(path.join(tfjs, 'lib'), { recursive: true, force: true });
  await must('npm', ['rebuild', '@tensorflow/tfjs-node', '--ignore-scripts=false']);
}

function replaceDeps() {
  fs.rmSync(path.join(tfjs, 'deps'), { recursive: true, force: true });
}

const sources = path.join(tfjs, 'binding');

/**
 * The addon in the cache folder, one for each state of its sources: `npm ci` deletes the package's, the cache has it
 * still.
 */
function builtAddon() {
  const digest = createHash('sha256');
  for (const name of fs.readdirSync(sources).sort()) digest.update(fs.readFileSync(path.join(sources, name)));
  return path.join(stageFolder(), `tfjs_binding-${digest.digest('hex').slice(0, 16)}.node`);
}

async function compile(built, log) {
  log('compiling the addon');
  const headers = path.join(root, 'node_modules', 'node-api-headers', 'include');
  if (!fs.existsSync(headers)) throw new Error('the npm package node-api-headers is missing: run `npm ci`');
  const flags = [
    '-shared',
    '-fPIC',
    '-O2',
    '-std=c++17',
    '-w',
    '-DNAPI_VERSION=8',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ];
  const include = [`-I${headers}`, `-I${path.join(stageFolder(), 'include')}`];
  const files = fs.readdirSync(sources).filter((name) => name.endsWith('.cc'));
  const libraries = ['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  const part = `${built}.part-${process.pid}`;
  await must('g++', [
    ...flags,
    ...include,
    ...files.map((name) => path.join(sources, name)),
    `-L${path.join(stageFolder(), 'lib')}`,
    ...libraries,
    '-o',
    part,
  ]);
  fs.renameSync(part, built);
}

/** Computes something in a child, on the Node that training will use, and notes that this very addon did. */
async function load() {
  const local = path.join(root, 'node_modules', '.bin', 'node');
  const node = fs.existsSync(local) ? local : process.execPath;
  const check = await run(node, ['-e', loadCheck], { TF_CPP_MIN_LOG_LEVEL: '2' });
  if (check.ok) fs.writeFileSync(stamp, JSON.stringify(stampOf()));
  return check;
}

const loadCheck = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require('@tensorflow/tfjs-node');
if (tf.add(1, 2).dataSync()[0] !== 3) throw new Error('1 + 2 is not 3');
`;

function isStamped() {
  try {
    return fs.readFileSync(stamp, 'utf8') === JSON.stringify(stampOf());
  } catch {
    return false; //                                            no stamp, no addon or a dangling link: stage it
  }
}

function stampOf() {
  const { size, mtimeMs } = fs.statSync(addon);
  return { size, mtimeMs, library: fs.realpathSync(path.join(tfjs, 'deps', 'lib')) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const { ok, message } = await stageTensorflow((line) => console.log(line));
  if (ok) console.log(message);
  else console.error(message);
  process.exit(ok ? 0 : 1);
}
