/**
 * Makes the memories of a version out of the log up to a cut, while another version serves. What arrives meanwhile is not in it:
 * `follow` brings the memories from the cut on.
 */
import type { DataSource } from 'typeorm';
import type { Network } from '../model/network.js';
import { countUsers, listUsers } from '../storage/interaction.store.js';
import { createMemoryPartition } from '../storage/user-memory.store.js';
import { replay } from './memory-replay.js';

export interface RebuildProgress {
  readonly users: number;
  readonly usersTotal: number;
}

/** Users of one transaction. */
const usersAtOnce = 256;

/** Starts from an empty partition: what an interrupted rebuild left is thrown away. Ends at once when `signal` is aborted. */
export async function rebuild(
  dataSource: DataSource,
  version: number,
  network: Network,
  upTo: bigint,
  onProgress: (progress: RebuildProgress) => void,
  signal?: AbortSignal,
): Promise<void> {
  await dataSource.transaction(async (tx) => createMemoryPartition(tx, version));
  const usersTotal = await countUsers(dataSource.manager);
  let users = 0;
  for (let last: string | undefined = ''; last !== undefined;) {
    signal?.throwIfAborted();
    const userIds: readonly string[] = await listUsers(dataSource.manager, last, usersAtOnce);
    if (userIds.length > 0) {
      await dataSource.transaction(async (tx) => {
        await tx.query('SET LOCAL synchronous_commit = off'); // the switch to the version is durable only after all of it
        await replay(tx, network, version, userIds, upTo);
      });
    }
    users += userIds.length;
    onProgress({ users, usersTotal: Math.max(users, usersTotal) });
    last = userIds.at(-1);
  }
}
