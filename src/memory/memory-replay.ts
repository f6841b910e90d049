/**
 * Makes memories anew out of the log: from the empty memory, every interaction of the user in the order (occurredAt, arrival) that no
 * reset has left behind, leaving the slots as they are that are pinned for it (`pinned-slots`).
 * That is what a memory is defined to be; the write path only gets there step by step. A long history is read in pages.
 */
import type { EntityManager } from 'typeorm';
import { stateSize } from '../model/dimensions.js';
import type { Network } from '../model/network.js';
import { checksumOf, emptyState, encodeStates, type UserState } from '../model/user-state.js';
import { readSequencePages, type SequenceCursor } from '../storage/interaction.store.js';
import { deleteMemories, saveMemories, type MemoryRow, type MemoryTable } from '../storage/user-memory.store.js';
import type { LiveNetwork } from './network-source.js';
import { PinnedSlots } from './pinned-slots.js';
import { applyInWaves } from './waves.js';

/** Users whose sequences are in memory together, and events of each. */
export const usersAtOnce = 256;
const eventsAtOnce = 512;

/** Replays these users and saves what comes out; one without interactions has no memory. `upTo`: without what arrived later; null: the whole log. */
export async function replay(
  tx: EntityManager,
  network: Network,
  table: MemoryTable,
  userIds: readonly string[],
  upTo: bigint | null,
): Promise<void> {
  for (let from = 0; from < userIds.length; from += usersAtOnce) {
    const memories = await replayed(
      tx,
      { version: table.version, network },
      userIds.slice(from, from + usersAtOnce),
      upTo,
    );
    const isEmpty = ({ interactionsApplied }: MemoryRow): boolean => interactionsApplied === 0;
    const empty = memories.filter(isEmpty).map(({ userId }) => userId);
    await saveMemories(
      tx,
      table,
      memories.filter((memory) => !isEmpty(memory)),
    );
    await deleteMemories(tx, table, empty);
  }
}

interface Replayed {
  readonly state: UserState;
  interactionsApplied: number;
  lastOccurredAt: Date | null;
}

/** What a replay of these users gives, a few hundred at most: their sequences are in memory together. Throws when it is to stop. */
export async function replayed(
  tx: EntityManager,
  { version, network }: Pick<LiveNetwork, 'version' | 'network'>,
  userIds: readonly string[],
  upTo: bigint | null,
  stop: AbortSignal | null = null,
): Promise<readonly MemoryRow[]> {
  const { dimensions } = network;
  const size = stateSize(dimensions);
  const numbers = new Float32Array(userIds.length * size); // of all: to make them one by one costs more
  const users = new Map<string, Replayed>(
    userIds.map((id, at) => {
      const state = emptyState(dimensions, numbers.subarray(at * size, (at + 1) * size));
      return [id, { state, interactionsApplied: 0, lastOccurredAt: null }];
    }),
  );
  const pins = await PinnedSlots.read(tx, version, userIds);
  const needs = { context: dimensions.kinds > 0 || dimensions.gaps > 0, places: !pins.isEmpty };
  let cursors: readonly SequenceCursor[] = userIds.map((userId) => ({ userId, after: null }));
  while (cursors.length > 0) {
    stop?.throwIfAborted();
    const pages = await readSequencePages(tx, cursors, eventsAtOnce, upTo, needs);
    const tracks = pages.flatMap((page) => {
      const user = users.get(page.userId);
      if (user === undefined) return [];
      user.interactionsApplied += page.itemIds.length;
      const previous = user.lastOccurredAt?.getTime() ?? null;
      user.lastOccurredAt = page.lastOccurredAt;
      const pinned = pins.isEmpty
        ? null
        : page.itemIds.map((_, at) =>
            pins.at(page.userId, { occurredAt: page.times?.[at] ?? NaN, arrival: page.arrivals?.[at] ?? '' }),
          );
      return [{ state: user.state, events: network.eventsOfColumns({ ...page, pinned }, previous) }];
    });
    await applyInWaves(network, tracks);
    cursors = pages
      .filter((page) => page.itemIds.length === eventsAtOnce)
      .map((page) => ({
        userId: page.userId,
        after: { occurredAt: page.lastOccurredAt, arrival: page.lastArrival },
      }));
  }
  const states = encodeStates([...users.values()].map(({ state }) => state));
  return [...users].map(([userId, { interactionsApplied, lastOccurredAt }], at) => {
    const state = states[at] as Buffer;
    return { userId, state, interactionsApplied, lastOccurredAt, checksum: checksumOf(state) };
  });
}
