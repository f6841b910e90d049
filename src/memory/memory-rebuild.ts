/**
 * Makes the memories of a version out of the log up to a cut, in a shadow of their table, while what serves goes on. What arrives
 * meanwhile is not in it: `follow` brings the shadow from the cut on.
 *
 * Users are handed out in the order of their ids, a few hundred at a time; with several threads each has a network and a
 * connection of its own.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { encodeCheckpoint } from '../model/checkpoint.js';
import type { Network } from '../model/network.js';
import { countUsers, listUsers } from '../storage/interaction.store.js';
import { copyMemories, type MemoryTable } from '../storage/user-memory.store.js';
import { replayed } from './memory-replay.js';

export interface RebuildProgress {
  readonly users: number;
  readonly usersTotal: number;
}

export interface RebuildOptions {
  readonly onProgress: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** 1: in this thread */
  readonly threads: number;
}

/** What a thread is started with. */
export interface RebuildTask {
  readonly database: Pick<Config, 'databaseUrl' | 'databaseSchema'>;
  readonly checkpoint: Uint8Array;
  readonly table: MemoryTable;
  readonly upTo: bigint;
}

type RebuildUsers = (userIds: readonly string[]) => Promise<void>;

/** Users of one transaction. */
const usersAtOnce = 256;

/** Fills `table`. Ends at once when `signal` is aborted. */
export async function rebuild(
  dataSource: DataSource,
  database: RebuildTask['database'],
  table: MemoryTable,
  network: Network,
  upTo: bigint,
  { onProgress, signal, threads }: RebuildOptions,
): Promise<void> {
  const usersTotal = await countUsers(dataSource.manager);
  let users = 0;
  const pages = pagesOfUsers(dataSource);
  const work = async (rebuildUsers: RebuildUsers): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted();
      const page = await pages.next(); // calls of several threads are answered one after the other
      if (page.done === true) return;
      await rebuildUsers(page.value);
      users += page.value.length;
      onProgress({ users, usersTotal: Math.max(users, usersTotal) });
    }
  };
  if (threads === 1) {
    await work(async (userIds) => replayUsers(dataSource, network, table, userIds, upTo));
    return;
  }
  const task: RebuildTask = { database, checkpoint: encodeCheckpoint(network.checkpoint), table, upTo };
  const workers = Array.from({ length: threads }, () => new RebuildThread(task));
  try {
    await Promise.all(workers.map(async (worker) => work(async (userIds) => worker.rebuild(userIds))));
  } finally {
    await Promise.all(workers.map(async (worker) => worker.end()));
  }
}

/** One transaction: these users, out of the log, into a table that has none of them yet. */
export async function replayUsers(
  dataSource: DataSource,
  network: Network,
  table: MemoryTable,
  userIds: readonly string[],
  upTo: bigint,
): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query('SET LOCAL synchronous_commit = off'); // the switch to them is durable only after all of it
    const memories = await replayed(tx, { version: table.version, network }, userIds, upTo);
    await copyMemories(
      tx,
      table,
      memories.filter(({ interactionsApplied }) => interactionsApplied > 0),
    );
  });
}

async function* pagesOfUsers({ manager }: DataSource): AsyncGenerator<readonly string[]> {
  for (let last: string | undefined = ''; last !== undefined;) {
    const userIds: readonly string[] = await listUsers(manager, last, usersAtOnce);
    if (userIds.length > 0) yield userIds;
    last = userIds.at(-1);
  }
}

class RebuildThread {
  private readonly worker: Worker;

  constructor(task: RebuildTask) {
    this.worker = new Worker(new URL('./memory-rebuild-thread.js', import.meta.url), { workerData: task });
  }

  /** Throws what the thread died of. */
  async rebuild(userIds: readonly string[]): Promise<void> {
    this.worker.postMessage(userIds);
    await once(this.worker, 'message');
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
