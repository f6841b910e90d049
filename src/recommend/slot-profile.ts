/**
 * What one slot of a user holds, readable; where the network has several heads, by the mean over them, see `attribution`.
 *
 *   weight of slot s       a[s], how much the present read looks at it
 *   half-life of slot s    ln 1/2 / ln f[s], f[s] the mean write gate of the last interactions: after so many more, half is left
 *   last write of slot s   the newest interaction whose gate kept no more of the slot than the mean does: it left a mark of the usual size; where
 *                          the slot was pinned throughout, the newest of before
 *   direction of slot s    W_o V[s], what the slot adds to the query; the items nearest to it are its label
 */
import type { SlotInteraction } from '../memory/slot-forgetting.js';
import type { SequenceStep } from '../storage/interaction-read.store.js';
import type { Candidate } from './answer.js';
import { sharesOfCategories, sumBy, top, type CategoryShare } from './shares.js';
import type { SlotMoment } from './slot-history.js';

/** Interactions that a slot's clock is measured over. */
const clockInteractions = 50;
/** Half-life from which on a slot is a slow one: the geometric middle of 1 and 100, between which half-lives begin in training. */
const slowHalfLife = 10;
const shownInteractions = 5;
const nearestItems = 3;
/** Items nearest to a slot's direction that its categories are read off. */
export const categorisedItems = 20;
const slotCategories = 3;

export type SlotClock = 'FAST' | 'SLOW';

export interface SlotProfile {
  readonly index: number;
  readonly weight: number;
  /** in interactions of this user; null: the slot fades too little to be measured */
  readonly halfLife: number | null;
  readonly clock: SlotClock;
  /** null: it is not pinned */
  readonly pinnedSince: Date | null;
  /** with the share that is left of it */
  readonly lastWrite: SlotInteraction;
  readonly interactions: readonly SlotInteraction[];
  readonly nearest: readonly string[];
  readonly categories: readonly CategoryShare[];
  /** Its way here in so many moments. Replays the log once more. */
  readonly history: (moments: number) => Promise<readonly SlotMoment[]>;
}

/** What a slot is made of, the oldest interaction first. */
export interface SlotFill {
  readonly sequence: readonly SequenceStep[];
  /** f [T S] */
  readonly gates: readonly Float32Array[];
  /** w [T S] */
  readonly shares: readonly Float32Array[];
}

/** Everything of a slot but its weight, its pin and its history. `nearest`: the items nearest to its direction; `categories`: of those of the catalogue. */
export function slotProfile(
  index: number,
  { sequence, gates, shares }: SlotFill,
  nearest: readonly Candidate[],
  categories: ReadonlyMap<string, readonly string[]>,
): Omit<SlotProfile, 'weight' | 'pinnedSince' | 'history'> {
  const fill = sequence.map((step, place) => ({ ...step, share: shares[place]?.[index] ?? 0 }));
  const keep = meanKeep(gates, index);
  const halfLife = halfLifeOf(keep);
  return {
    index,
    halfLife,
    clock: halfLife !== null && halfLife < slowHalfLife ? 'FAST' : 'SLOW',
    lastWrite: lastOf(fill, (_, place) => hasWritten(gates[place]?.[index] ?? 1, keep)),
    interactions: fill
      .toReversed() // of equal shares the newest first
      .sort((a, b) => b.share - a.share)
      .slice(0, shownInteractions),
    nearest: nearest.slice(0, nearestItems).map(({ itemId }) => itemId),
    categories: categoriesOf(nearest, categories),
  };
}

/** Mean over the last interactions. */
function meanKeep(gates: readonly Float32Array[], slot: number): number {
  const recent = gates.slice(-clockInteractions);
  return recent.reduce((sum, gate) => sum + (gate[slot] ?? 0), 0) / recent.length;
}

function halfLifeOf(keep: number): number | null {
  const halfLife = Math.log(0.5) / Math.log(keep);
  return Number.isFinite(halfLife) ? halfLife : null;
}

/** A gate of 1 lets nothing in: the slot was pinned. */
function hasWritten(gate: number, keep: number): boolean {
  return gate <= keep && gate < 1;
}

/** The last that is so; the very last where rounding lets none be. */
function lastOf<V>(values: readonly V[], isSo: (value: V, place: number) => boolean): V {
  const last = values.findLast(isSo) ?? values.at(-1);
  if (last === undefined) throw new Error('a memory is made of at least one interaction');
  return last;
}

/** By how near the items are; together at most 1. */
function categoriesOf(
  nearest: readonly Candidate[],
  categories: ReadonlyMap<string, readonly string[]>,
): readonly CategoryShare[] {
  const total = nearest.reduce((sum, { score }) => sum + score, 0);
  const shares = nearest.flatMap(({ itemId, score }) => sharesOfCategories(categories.get(itemId), score / total));
  return top(sumBy(shares), slotCategories).map(([category, share]) => ({ category, share }));
}
