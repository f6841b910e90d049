/**
 * The temporary folder of a run: the log for the child and the checkpoint from it. It goes when the run ends, however it ends;
 * what a killed process left, told by the pid in the name, goes when the next run begins.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { codeOf } from '../errors.js';

const prefix = 'recollect-training-';

/** Of this process. In a container each start has the same pid, so that the pid alone does not tell. */
const inUse = new Set<string>();

export async function inTrainingFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  inUse.add(basename(folder));
  try {
    return await work(folder);
  } finally {
    inUse.delete(basename(folder));
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || inUse.has(name) || (pid !== process.pid && isRunning(pid))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined); // another user's is not ours to remove
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
