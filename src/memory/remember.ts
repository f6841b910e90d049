/**
 * Brings memories up to date with events that are new to them.
 *
 * Each user's events are applied in the order (occurredAt, arrival) behind those that the memory has. An event that is older than
 * the user's newest one does not fit there: such a user is to be replayed from the log, as is one whose stored memory is damaged.
 */
import type { EntityManager } from 'typeorm';
import { stateBytes } from '../model/dimensions.js';
import type { Network } from '../model/network.js';
import { checksumOf, decodeState, emptyState, encodeState, type UserState } from '../model/user-state.js';
import { lockMemories, saveMemories, type MemoryRow, type MemoryTable } from '../storage/user-memory.store.js';
import { applyInWaves, type Track } from './waves.js';

/** What of an interaction enters a memory. */
export interface Event {
  readonly userId: string;
  readonly itemId: string;
  readonly kind: string;
  /** milliseconds since 1970 */
  readonly occurredAt: number;
}

/** The memories of these users, locked to the end of the transaction; a user without one gets an empty one. */
export async function lockUsers(
  tx: EntityManager,
  table: MemoryTable,
  network: Network,
  events: readonly Pick<Event, 'userId'>[],
): Promise<readonly MemoryRow[]> {
  const userIds = [...new Set(events.map(({ userId }) => userId))];
  if (userIds.length === 0) return [];
  const state = encodeState(emptyState(network.dimensions));
  return lockMemories(tx, table, userIds, { state, checksum: checksumOf(state) });
}

/** `events` come in the order of arrival and are in the log. Returns the users whose memories are right only after a replay. */
export async function remember(
  tx: EntityManager,
  table: MemoryTable,
  network: Network,
  memories: readonly MemoryRow[],
  events: readonly Event[],
): Promise<readonly string[]> {
  const sequences = Map.groupBy(
    events.toSorted((one, other) => one.occurredAt - other.occurredAt), // stable: then by arrival
    ({ userId }) => userId,
  );
  const tracks: (Track & { readonly memory: MemoryRow; readonly lastOccurredAt: Date })[] = [];
  const toReplay: string[] = [];
  for (const memory of memories) {
    const sequence = sequences.get(memory.userId) ?? [];
    const last = memory.lastOccurredAt?.getTime() ?? null;
    const inOrder = sequence.filter(({ occurredAt }) => last === null || occurredAt >= last);
    const state = stateOf(memory, network);
    if (inOrder.length < sequence.length || (state === null && sequence.length > 0)) toReplay.push(memory.userId);
    const newest = inOrder.at(-1);
    if (state === null || newest === undefined) continue;
    const applied = network.eventsOf(inOrder, last);
    tracks.push({ memory, state, events: applied, lastOccurredAt: new Date(newest.occurredAt) });
  }
  await applyInWaves(network, tracks);
  const changed = tracks.map(({ memory, state, events: applied, lastOccurredAt }) => {
    const bytes = encodeState(state);
    const interactionsApplied = memory.interactionsApplied + applied.rows.length;
    return { userId: memory.userId, state: bytes, interactionsApplied, lastOccurredAt, checksum: checksumOf(bytes) };
  });
  await saveMemories(tx, table, changed);
  return toReplay;
}

/** null for bytes that are damaged or of another form than this network's: the log can make them anew. */
function stateOf({ state, checksum }: MemoryRow, { dimensions }: Network): UserState | null {
  return checksumOf(state) === checksum && state.length === stateBytes(dimensions)
    ? decodeState(dimensions, state)
    : null;
}
