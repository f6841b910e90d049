/**
 * Brings memories up to date with events that are new to them.
 *
 * Each user's events are applied in the order (occurredAt, arrival) behind those that the memory has. An event that is older than
 * the user's newest one does not fit there: such a user is to be replayed from the log, as is one whose stored memory is damaged.
 */
import type { EntityManager } from 'typeorm';
import { stateBytes, stateSize } from '../model/dimensions.js';
import type { Track } from '../model/events.js';
import type { Network } from '../model/network.js';
import { checksumOf, decodeState, emptyState, encodeState, encodeStates, type UserState } from '../model/user-state.js';
import {
  addMemories,
  changeMemories,
  lockMemories,
  type HeldMemory,
  type MemoryRow,
  type MemoryTable,
} from '../storage/user-memory.store.js';
import type { PinnedSlots } from './pinned-slots.js';
import { Scratch } from './scratch.js';
import { applyInWaves } from './waves.js';

/** What of an interaction enters a memory. */
export interface Event {
  readonly userId: string;
  readonly itemId: string;
  readonly kind: string;
  /** milliseconds since 1970 */
  readonly occurredAt: number;
  /** left out: it arrives now */
  readonly arrival?: string;
}

/**
 * The memories of these users, an empty one for a user without. They are locked to the end of the transaction, but for those without
 * and those that `known` gives, which are checked when they are written.
 */
export async function holdUsers(
  tx: EntityManager,
  table: MemoryTable,
  network: Network,
  events: readonly Pick<Event, 'userId'>[],
  known: (userId: string) => HeldMemory | undefined = () => undefined,
): Promise<readonly HeldMemory[]> {
  const userIds = [...new Set(events.map(({ userId }) => userId))];
  const held = new Map(userIds.map((userId) => [userId, known(userId)]));
  const others = userIds.filter((userId) => held.get(userId) === undefined);
  for (const memory of others.length === 0 ? [] : await lockMemories(tx, table, others))
    held.set(memory.userId, memory);
  const empty = emptyMemory(network);
  return userIds.map((userId) => held.get(userId) ?? { userId, ...empty });
}

/** The same, and all are locked: a user without one gets an empty one, which nobody else sees before something is saved in its place. */
export async function lockUsers(
  tx: EntityManager,
  table: MemoryTable,
  network: Network,
  userIds: readonly string[],
): Promise<readonly HeldMemory[]> {
  if (userIds.length === 0) return [];
  await addMemories(tx, table, userIds, emptyMemory(network));
  return lockMemories(tx, table, userIds);
}

function emptyMemory({ dimensions }: Network): Omit<HeldMemory, 'userId'> {
  const state = encodeState(emptyState(dimensions));
  return { state, interactionsApplied: 0, lastOccurredAt: null, checksum: checksumOf(state), sequenceNumber: 0 };
}

export interface Remembered {
  /** users whose memories are right only after a replay */
  readonly toReplay: readonly string[];
  /** the memories as they are now, of the users that have one that is whole */
  readonly memories: readonly HeldMemory[];
}

/**
 * `events` come in the order of arrival and are in the log; the memories of their users are held, and `pins` are their users'. The memories that
 * come back lie in `scratch`. Throws MEMORY_CHANGED where another
 * wrote one of them, which nobody can any more after this.
 */
export async function remember(
  tx: EntityManager,
  table: MemoryTable,
  network: Network,
  held: readonly HeldMemory[],
  events: readonly Event[],
  pins: PinnedSlots,
  scratch = new Scratch(),
): Promise<Remembered> {
  const sequences = Map.groupBy(
    events.toSorted((one, other) => one.occurredAt - other.occurredAt), // stable: then by arrival
    ({ userId }) => userId,
  );
  const tracks: (Track & { readonly before: HeldMemory; readonly lastOccurredAt: Date | null })[] = [];
  const toReplay: string[] = [];
  const size = stateSize(network.dimensions);
  const numbers = scratch.floats(sequences.size * size); // of all: one by one they would cost more to make than to step
  for (const before of storedFirst(held)) {
    const sequence = sequences.get(before.userId);
    if (sequence === undefined) continue;
    const last = before.lastOccurredAt?.getTime() ?? null;
    const fitting = sequence.filter(({ occurredAt }) => last === null || occurredAt >= last);
    const inOrder = pins.isEmpty
      ? fitting
      : fitting.map((event) => ({ ...event, pinned: pins.at(event.userId, event) }));
    const state = stateOf(before, network, numbers.subarray(tracks.length * size, (tracks.length + 1) * size));
    if (inOrder.length < sequence.length || state === null) toReplay.push(before.userId);
    if (state === null) continue; // not one that was known, so it is locked
    const newest = inOrder.at(-1);
    const lastOccurredAt = newest === undefined ? before.lastOccurredAt : new Date(newest.occurredAt);
    tracks.push({ before, state, events: network.eventsOf(inOrder, last), lastOccurredAt });
  }
  await applyInWaves(network, tracks);
  const states = encodeStates(
    tracks.map(({ state }) => state),
    (count) => scratch.bytes(count),
  );
  const changes = tracks.map(({ before, events: applied, lastOccurredAt }, at) => {
    const state = states[at] as Buffer;
    const interactionsApplied = before.interactionsApplied + applied.rows.length;
    const sequenceNumber = before.sequenceNumber + 1;
    const { userId } = before;
    return {
      before,
      after: { userId, state, interactionsApplied, lastOccurredAt, checksum: checksumOf(state), sequenceNumber },
    };
  });
  await changeMemories(tx, table, changes);
  return { toReplay, memories: changes.map(({ after }) => after) };
}

/** So the states of either kind, which are written apart, lie side by side. */
function storedFirst(held: readonly HeldMemory[]): readonly HeldMemory[] {
  const isStored = ({ sequenceNumber }: HeldMemory): boolean => sequenceNumber > 0;
  return [...held.filter(isStored), ...held.filter((memory) => !isStored(memory))];
}

/** null for bytes that are damaged or of another form than this network's: the log can make them anew. */
function stateOf({ state, checksum }: MemoryRow, { dimensions }: Network, numbers: Float32Array): UserState | null {
  return checksumOf(state) === checksum && state.length === stateBytes(dimensions)
    ? decodeState(dimensions, state, numbers)
    : null;
}
