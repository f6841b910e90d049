/**
 * Which interactions a memory is made of, exactly: the sequence is replayed and the write gates kept. And what it would be without
 * one of them: the sequence is replayed once, and from where an interaction is left out on, a second memory goes beside the first.
 *
 * A replay goes back `longestReplay` interactions at most. Up to there the shares are exact; a longer history is replayed from its
 * newest part, and what the slots still hold of the part before is counted to nobody; a slot that has been pinned since then begins as what
 * it is. Slots that are pinned for an interaction have a gate of
 * 1 at it: it has no share in them, and those from before the pin keep theirs.
 * A network without slots has neither gates nor attention: both are empty, and every share is 0.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { slotShares } from '../model/attribution.js';
import type { Occurrence } from '../model/events.js';
import type { Network } from '../model/network.js';
import { copySlot } from '../model/pinned.js';
import { copyOf, decodeState, emptyState, type UserState } from '../model/user-state.js';
import { newestSteps, type SequencePlace, type SequenceStep } from '../storage/interaction-read.store.js';
import { readMemory } from '../storage/user-memory-read.store.js';
import type { LiveNetwork } from './network-source.js';
import { PinnedSlots } from './pinned-slots.js';

export const longestReplay = 5_000;

/** Steps between two turns of the event loop, so that a long replay does not hold up other requests. */
const burst = 100;

export interface Trace {
  /** after the last interaction */
  readonly state: UserState;
  /** a: how each head of the present read weighs the slots [H S] */
  readonly attention: Float32Array;
  /** f: the write gates, the oldest interaction first [T H S] */
  readonly gates: readonly Float32Array[];
  /** w: the interactions' shares in the slots [T H S] */
  readonly shares: readonly Float32Array[];
  /** after the interactions at the places that were asked for */
  readonly moments: ReadonlyMap<number, UserState>;
}

/** A step of a user's sequence under one version of the model. */
export interface PinnedStep extends SequenceStep, SequencePlace {
  /** slots that it leaves as they are */
  readonly pinned: readonly number[];
}

export interface Sequence {
  /** the oldest first */
  readonly steps: readonly PinnedStep[];
  /** what they are replayed from */
  readonly start: UserState;
  /** which slots are pinned behind them, and since when they are */
  readonly pinnedSince: ReadonlyMap<number, Date>;
}

/** The newest part of a user's sequence under a version. `asOf`: of what had happened by then, that instant included. */
export async function sequenceOf(
  tx: EntityManager,
  userId: string,
  live: Pick<LiveNetwork, 'version' | 'network'>,
  asOf: Date | null = null,
): Promise<Sequence> {
  const { steps, hasPins } = await newestSteps(tx, userId, live.version, longestReplay, asOf);
  const pins = hasPins ? await PinnedSlots.read(tx, live.version, [userId]) : PinnedSlots.none;
  const pinnedFor = ({ occurredAt, arrival }: SequencePlace): readonly number[] =>
    pins.at(userId, { occurredAt: occurredAt.getTime(), arrival });
  return {
    steps: steps.map((step) => ({ ...step, pinned: pinnedFor(step) })),
    start: await startOf(tx, userId, live, steps, pins),
    pinnedSince: pins.since(userId, { occurredAt: asOf?.getTime() ?? Infinity }),
  };
}

/** The empty memory; before the newest part of a longer history, one with the slots that have been pinned since then. */
async function startOf(
  tx: EntityManager,
  userId: string,
  { version, network: { dimensions } }: Pick<LiveNetwork, 'version' | 'network'>,
  steps: readonly SequencePlace[],
  pins: PinnedSlots,
): Promise<UserState> {
  const start = emptyState(dimensions);
  const [first] = steps;
  if (first === undefined || steps.length < longestReplay) return start;
  const slots = pins.throughout(userId, { occurredAt: first.occurredAt.getTime(), arrival: first.arrival });
  const memory = slots.length === 0 ? null : await readMemory(tx, version, userId);
  const now = memory === null ? start : decodeState(dimensions, memory.state);
  for (const slot of slots) copySlot(now, start, slot, dimensions);
  return start;
}

/** Replays a sequence, the oldest interaction first, from the empty memory or from another one. */
export async function trace(
  network: Network,
  sequence: readonly Occurrence[],
  start: UserState = emptyState(network.dimensions),
  places: ReadonlySet<number> = new Set(),
): Promise<Trace> {
  const state = copyOf(start);
  const moments = new Map<number, UserState>();
  const gates: Float32Array[] = [];
  const { rows, kinds, gaps, pinned } = network.eventsOf(sequence);
  for (const [place, row] of rows.entries()) {
    if (place > 0 && place % burst === 0) await nextTurn();
    gates.push(network.stepTraced(state, row, kinds[place], gaps[place], pinned?.[place]));
    if (places.has(place)) moments.set(place, copyOf(state));
  }
  return { state, attention: network.attention(state), gates, shares: slotShares(gates), moments };
}

/** The memory of the sequence without the interaction at each of these places, bit for bit, by the place: one replay for all. */
export async function statesWithout(
  network: Network,
  sequence: readonly Occurrence[],
  places: ReadonlySet<number>,
  start: UserState = emptyState(network.dimensions),
): Promise<ReadonlyMap<number, UserState>> {
  const { rows, kinds, gaps, pinned } = network.eventsOf(sequence);
  const whole = copyOf(start);
  const without = new Map<number, UserState>();
  let steps = 0;
  for (const [place, row] of rows.entries()) {
    const states = [whole, ...without.values()];
    const gap = new Int32Array(states.length).fill(gaps[place] ?? 0);
    if (without.has(place - 1)) gap[states.length - 1] = gapOver(network, sequence, place);
    if (places.has(place)) without.set(place, copyOf(whole));
    const context = {
      kinds: new Int32Array(states.length).fill(kinds[place] ?? 0),
      gaps: gap,
      pinned: pinned && states.map(() => pinned[place] ?? []),
    };
    network.step(states, new Int32Array(states.length).fill(row), context);
    steps += states.length;
    if (steps < burst) continue;
    steps = 0;
    await nextTurn();
  }
  return without;
}

/** The gap's bucket at a place whose interaction before is left out. */
function gapOver(network: Network, sequence: readonly Occurrence[], place: number): number {
  const previous = sequence[place - 2]?.occurredAt?.valueOf() ?? null;
  return network.eventsOf(sequence.slice(place, place + 1), previous).gaps[0] ?? 0;
}
