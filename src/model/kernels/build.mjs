/**
 * Compiles the kernels: assembly/step.ts and scan.ts -> kernels-wasm.ts, which holds the modules' bytes as texts, so that whatever loads
 * or copies TypeScript has them. It is kept in the repository; a test compiles again, with --print, and compares. Run `npm run kernels` after
 * a change.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const here = fileURLToPath(new URL('.', import.meta.url));
const options = ['--enable', 'simd', '--runtime', 'stub', '--importMemory', '-O3', '--noAssert'];
const relaxed = ['--enable', 'relaxed-simd'];
/** of as many pages as there can be: each memory has its own most */
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/** The module of a file, in base64, as a constant of this name. */
async function compiled(name, file, more, folder) {
  const outFile = join(folder, `${file}.wasm`);
  const place = [`assembly/${file}.ts`, '--baseDir', here, '--outFile', outFile];
  const { error, stderr } = await main([...place, ...options, ...more]);
  if (error !== null) throw new Error(`${file}.ts does not compile: ${error.message}\n${stderr.toString()}`);
  const lines = (await readFile(outFile)).toString('base64').match(/.{1,110}/g) ?? [];
  return `export const ${name} = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n].join('');\n`;
}

/** The text of kernels-wasm.ts. */
async function compileKernels() {
  const folder = await mkdtemp(join(tmpdir(), 'recollect-kernels-'));
  try {
    const step = await compiled('stepWasm', 'step', [], folder);
    const scan = await compiled('scanWasm', 'scan', [...relaxed, ...shared], folder);
    return `/** Written by build.mjs from assembly: the compiled modules, in base64. */\n${step}\n${scan}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const text = await compileKernels();
if (process.argv.includes('--print')) process.stdout.write(text);
else await writeFile(join(here, 'kernels-wasm.ts'), text);
