/** What an answer is made of: where it came from, why, and what it lacks. */
import type { ItemRow } from '../storage/item-read.store.js';

/**
 * What placed an item: the user's memory, a visitor's list, nearness in the model's item table; any of these on an item that the model
 * knows by its content alone; counts, or its newness; a pin, on an item that none of these placed.
 */
export type Source = 'MEMORY' | 'SESSION' | 'MODEL' | 'CONTENT' | 'POPULAR' | 'LATEST' | 'RULE';

/** Why an answer does not rest on what was asked for. */
export type FallbackReason =
  | 'NO_MODEL'
  | 'UNKNOWN_USER'
  | 'NO_MEMORY_YET'
  | 'NO_INTERACTIONS'
  | 'NO_KNOWN_ITEMS'
  | 'UNKNOWN_ITEM'
  | 'NO_SCORED_ITEMS';

/** Why an answer has fewer items than were asked for. */
export type ShortfallCause =
  'SEEN' | 'CATALOGUE_EMPTY' | 'CATALOGUE_EXHAUSTED' | 'NOT_COUNTED' | 'FILTER' | 'RULES' | 'PAGES_EXHAUSTED';

export interface Shortfall {
  readonly missing: number;
  readonly cause: ShortfallCause;
}

/** Why a given item has no place in an answer, or has one and none for each time that it was given. */
export type LeftOutReason = 'UNKNOWN' | 'NOT_AVAILABLE' | 'FILTER' | 'BLOCKED' | 'SEEN' | 'REPEATED';

export interface LeftOut {
  readonly itemId: string;
  readonly reason: LeftOutReason;
}

/** An item that a source proposes, the best first. */
export interface Candidate {
  readonly itemId: string;
  readonly score: number;
  readonly source: Source;
}

export interface RankedItem {
  readonly rank: number;
  readonly score: number;
  readonly source: Source;
  /** the rules that placed it; left out: none did */
  readonly rules?: readonly string[];
  readonly item: ItemRow;
}

/** A past interaction and how much of an answer rests on it. */
export interface AttendedInteraction {
  /** null: of a visitor's list */
  readonly id: string | null;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date | null;
  /** 0..1; over all interactions of a user they sum to at most 1 */
  readonly attention: number;
  /** how much lower the score would be had it never been; null: not asked of this one */
  readonly influence: number | null;
}

/** Why: the interactions that what the memory placed rests on. */
export interface Reasons {
  /** For the scores of these items, the mean over them: the most influential first, then the others, the most attended first. */
  of(itemIds: readonly string[]): readonly AttendedInteraction[];
}

/** Of an answer that rests on no memory. */
export const noMemory = { memoryUpdatedAt: null, awaitsReplay: false } as const;

export interface Answer {
  readonly id: string;
  readonly source: Source;
  readonly fallbackReason: FallbackReason | null;
  readonly modelVersion: number | null;
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: Date | null;
  /** something of the user came late and is not in the memory yet where it belongs */
  readonly awaitsReplay: boolean;
  readonly shortfall: Shortfall | null;
  readonly items: readonly RankedItem[];
  /** of given items; left out: none were given */
  readonly leftOut?: readonly LeftOut[];
  /** Replays the user's log: asked for at most once, and by nobody who doesn't want to know. */
  readonly because: () => Promise<Reasons>;
  /** What lies behind the items, in its order, as far as it may be read in pages; left out: it may not. */
  readonly rest?: () => Promise<readonly RankedItem[]>;
}
