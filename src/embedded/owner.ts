/**
 * Who started a server. A process that was killed leaves its server behind, and the next start on the folder ends it; the server
 * of a process that still runs is in use, and is not taken from it. Who started it is its parent, as long as that one lives.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecollectError } from '../errors.js';

const file = 'started-by';

export function noteOwner(home: string): void {
  writeFileSync(join(home, file), String(process.pid));
}

/** Throws EMBEDDED_SERVICE_FAILED when the process that started this server runs still. */
export function refuseServerInUse(home: string, server: number): void {
  const owner = existsSync(join(home, file)) ? Number(readFileSync(join(home, file), 'utf8')) : Number.NaN;
  if (owner !== parentOf(server)) return;
  throw new RecollectError(
    'EMBEDDED_SERVICE_FAILED',
    `${home} is in use by the process ${owner}; end that one first, or set RECOLLECT_DATA_DIR to another folder`,
  );
}

function parentOf(pid: number): number | null {
  if (existsSync('/proc/self/status'))
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'ppid='], { encoding: 'utf8' });
  return typeof stdout === 'string' ? Number(stdout) : null; // no ps: not known
}
