/** The processes of the servers that run on a folder, for tests and benchmarks that watch or kill them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function postmasterPid(folder: string): number {
  return Number(readFileSync(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

export function brokerPid(folder: string): number {
  return Number(readFileSync(join(folder, 'kafka', 'kafka.pid'), 'utf8'));
}
