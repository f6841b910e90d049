/**
 * Compiles the kernels: assembly/kernels.ts -> kernels-wasm.ts, which holds the module's bytes as text, so that whatever loads or copies
 * TypeScript has them. It is kept in the repository; a test compiles again, with --print, and compares. Run `npm run kernels` after a change.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The text of kernels-wasm.ts. */
async function compileKernels() {
  const folder = await mkdtemp(join(tmpdir(), 'recollect-kernels-'));
  try {
    const outFile = join(folder, 'kernels.wasm');
    const options = [
      '--enable',
      'simd',
      '--enable',
      'relaxed-simd',
      '--runtime',
      'stub',
      '--importMemory',
      '-O3',
      '--noAssert',
    ];
    const { error, stderr } = await main(['assembly/kernels.ts', '--baseDir', here, '--outFile', outFile, ...options]);
    if (error !== null) throw new Error(`the kernels do not compile: ${error.message}\n${stderr.toString()}`);
    const lines = (await readFile(outFile)).toString('base64').match(/.{1,110}/g) ?? [];
    const text = lines.map((line) => `  '${line}',`).join('\n');
    return `/** Written by build.mjs from assembly/kernels.ts: the compiled module, in base64. */\nexport const kernelsWasm = [\n${text}\n].join('');\n`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const text = await compileKernels();
if (process.argv.includes('--print')) process.stdout.write(text);
else await writeFile(join(here, 'kernels-wasm.ts'), text);
