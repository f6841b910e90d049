/**
 * Compares stored memories with what the log makes of the same users. Each few users are read together with their part of the log
 * in one snapshot, so that it may run while events come in. Users who wait for a replay of a late event are left out, and counted.
 */
import type { DataSource } from 'typeorm';
import type { Network } from '../model/network.js';
import { checksumOf, isOfEarlierArithmetic } from '../model/user-state.js';
import { whichWait } from '../storage/replay-request.store.js';
import { drawUsersOfBoth, listUsersOfBoth, readMemories } from '../storage/user-memory-read.store.js';
import type { MemoryRow } from '../storage/user-memory.store.js';
import { replayed, usersAtOnce } from './memory-replay.js';

/**
 * What is wrong with a memory: it is missing, its bytes do not fit their checksum, another version of the program wrote it with another
 * arithmetic, or it is whole and yet not what the log gives.
 */
export const differences = ['MISSING', 'DAMAGED', 'OUTDATED', 'DIFFERENT'] as const;
export type Difference = (typeof differences)[number];

export interface Verified {
  readonly users: number;
  readonly interactions: number;
  /** users who wait for a replay: what their memory lacks is known */
  readonly waiting: number;
}

/** `sample`: so many users, drawn; null: all. `onDifference` is called for each memory that is not what the log gives. */
export async function verifyMemories(
  dataSource: DataSource,
  version: number,
  network: Network,
  sample: number | null,
  onDifference: (difference: Difference, userId: string) => void,
): Promise<Verified> {
  const drawn = sample === null ? null : await drawUsersOfBoth(dataSource.manager, version, sample);
  let [users, interactions, waiting] = [0, 0, 0];
  for (let last = ''; ;) {
    const userIds: readonly string[] =
      drawn?.slice(users, users + usersAtOnce) ??
      (await listUsersOfBoth(dataSource.manager, version, last, usersAtOnce));
    if (userIds.length === 0) return { users: users - waiting, interactions, waiting };
    await dataSource.transaction('REPEATABLE READ', async (tx) => {
      const stored = new Map((await readMemories(tx, version, userIds)).map((memory) => [memory.userId, memory]));
      const wait = await whichWait(tx, userIds);
      waiting += wait.size;
      const compared = userIds.filter((userId) => !wait.has(userId));
      for (const expected of await replayed(tx, { version, network }, compared, null)) {
        const difference = differenceOf(stored.get(expected.userId), expected);
        if (difference !== null) onDifference(difference, expected.userId);
        interactions += expected.interactionsApplied;
      }
    });
    users += userIds.length;
    last = userIds.at(-1) ?? last;
  }
}

function differenceOf(stored: MemoryRow | undefined, expected: MemoryRow): Difference | null {
  if (stored === undefined) return expected.interactionsApplied === 0 ? null : 'MISSING'; // erased meanwhile
  if (stored.checksum !== checksumOf(stored.state)) {
    return isOfEarlierArithmetic(stored.state, stored.checksum) ? 'OUTDATED' : 'DAMAGED';
  }
  const isSame =
    stored.state.equals(expected.state) &&
    stored.interactionsApplied === expected.interactionsApplied &&
    stored.lastOccurredAt?.getTime() === expected.lastOccurredAt?.getTime();
  return isSame ? null : 'DIFFERENT';
}
