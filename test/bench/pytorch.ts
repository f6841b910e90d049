/**
 * A Python that has PyTorch: the one that RECOLLECT_BENCH_PYTHON names, else a virtual environment in the checkout's .recollect,
 * which is made once where Python and pip are there. PyTorch's own index has it for processors (200 MB); where that cannot be
 * reached, pip's index has it with CUDA (5 GB on disk, three minutes).
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../src/errors.js';

const run = promisify(execFile);
const forProcessors = ['--index-url', 'https://download.pytorch.org/whl/cpu'];

/** Its path, or why there is none. */
export async function pythonWithTorch(
  root: string,
  log: (line: string) => void,
): Promise<{ readonly python: string } | { readonly missing: string }> {
  const named = process.env.RECOLLECT_BENCH_PYTHON;
  if (named !== undefined && named !== '') {
    const fault = await faultOf(named);
    return fault === null ? { python: named } : { missing: `RECOLLECT_BENCH_PYTHON, ${named}: ${fault}` };
  }
  const folder = join(root, '.recollect', 'bench-python');
  const python = join(folder, 'bin', 'python');
  if ((await faultOf(python)) === null) return { python };
  try {
    log(`making a virtual environment with PyTorch in ${folder}, which takes minutes`);
    await run('python3', ['-m', 'venv', folder]);
    await install(python);
  } catch (error) {
    return { missing: messageOf(error) };
  }
  const fault = await faultOf(python);
  return fault === null ? { python } : { missing: fault };
}

async function install(python: string): Promise<void> {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', 'torch'];
  try {
    await run(python, [...pip, ...forProcessors]);
  } catch {
    await run(python, pip);
  }
}

async function faultOf(python: string): Promise<string | null> {
  try {
    await run(python, ['-W', 'ignore', '-c', 'import torch']);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
