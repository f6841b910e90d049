/**
 * libtensorflow out of the PyPI wheel `tensorflow-cpu`, in a cache folder outside of the checkout.
 *
 * The folder is made under another name and gets its own only when it is complete: a killed run leaves nothing that
 * looks ready, and of two runs at once the second uses what the first has made.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { must, run } from './run-command.mjs';

export const version = '2.21.0';
const sha256 = '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c';
const platforms = ['manylinux_2_27_x86_64', 'manylinux2014_x86_64'];
const interpreter = ['--python-version', '311', '--implementation', 'cp'];
const leftoverMs = 3_600_000;

/** The folder with lib, include and notices, whether it is there yet or not. */
export function stageFolder() {
  return path.join(cacheFolder(), `tensorflow-cpu-${version}`);
}

/** Makes that folder. Throws where it cannot be made here. */
export async function stageWheel(log) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the wheel is for Linux x86-64, this is ${process.platform} ${process.arch}`);
  }
  const stage = stageFolder();
  if (fs.existsSync(stage)) return;
  if (!(await run('python3', ['-m', 'pip', '--version'])).ok) throw new Error('`python3 -m pip` does not run here');
  fs.mkdirSync(path.dirname(stage), { recursive: true });
  removeLeftovers(stage);
  const part = fs.mkdtempSync(`${stage}.part-`);
  try {
    const wheel = await download(path.join(part, 'wheel'), log);
    log('unpacking it');
    await must('python3', ['-c', unpack, wheel, part]);
    fs.rmSync(path.dirname(wheel), { recursive: true });
    fs.chmodSync(part, 0o755); //                               mkdtemp keeps other users out
    moveInPlace(part, stage);
  } finally {
    fs.rmSync(part, { recursive: true, force: true });
  }
}

function cacheFolder() {
  const { RECOLLECT_CACHE_DIR: chosen, XDG_CACHE_HOME: caches } = process.env;
  if (chosen) return path.resolve(chosen.replace(/^~(?=\/|$)/, os.homedir()));
  return path.join(caches || path.join(os.homedir(), '.cache'), 'recollect');
}

async function download(folder, log) {
  log(`downloading tensorflow-cpu ${version} (274 MB)`);
  const tags = [...interpreter, ...platforms.flatMap((platform) => ['--platform', platform])];
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', ...tags];
  await must('python3', ['-m', 'pip', 'download', ...options, '--dest', folder, `tensorflow-cpu==${version}`]);
  const [name] = fs.readdirSync(folder);
  if (name === undefined) throw new Error('pip downloaded nothing');
  const wheel = path.join(folder, name);
  const found = await digestOf(wheel);
  if (found !== sha256) throw new Error(`${name} has SHA-256 ${found}, expected ${sha256}`);
  return wheel;
}

function moveInPlace(part, stage) {
  try {
    fs.renameSync(part, stage);
  } catch (error) {
    if (!fs.existsSync(stage)) throw error; //                  another run was faster: its folder is complete
  }
}

/** What killed runs left behind; one that started within the hour may still be at work. */
function removeLeftovers(stage) {
  const folder = path.dirname(stage);
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(`${path.basename(stage)}.part-`)) continue;
    const old = path.join(folder, name);
    if (Date.now() - fs.statSync(old).mtimeMs > leftoverMs) fs.rmSync(old, { recursive: true, force: true });
  }
}

async function digestOf(file) {
  const digest = createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk);
  return digest.digest('hex');
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
