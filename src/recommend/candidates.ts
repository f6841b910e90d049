/**
 * Candidates of an answer, in batches that grow: most answers need the first batch only, and none reads more than it must.
 * Sources are chained: what the memory scores, then what is popular, then what is new.
 */
import type { Ranking } from '../model/item-ranking.js';
import type { LatestCursor } from '../storage/item-read.store.js';
import type { Candidate, Source } from './answer.js';
import type { Selection } from './selection.js';

export type Candidates = AsyncIterable<readonly Candidate[]> | Iterable<readonly Candidate[]>;

/** What scores are of: rows 1 .. learned are of the network's vocabulary, those behind it are placed by their content. */
export interface ScoredItems {
  readonly learned: number;
  idOf(row: number): string;
  /** its index in the columns; -1: it may not be answered */
  indexOf(row: number): number;
  /** until when the item may be answered */
  untilOf(row: number): number;
  /** what boosts add to its score, by its index; null: nothing */
  readonly shiftOf: ((index: number) => number) | null;
}

/** How much larger each batch is than the one before. */
const growth = 4;

/** More than is asked for, so that seen and vanished candidates seldom cost a second round. */
export function firstBatch(first: number): number {
  return 2 * first + 20;
}

export async function* chain(...sources: readonly Candidates[]): AsyncGenerator<readonly Candidate[]> {
  for (const source of sources) yield* source;
}

/**
 * The best rows of a ranking among those that may be answered at `now`; equal scores in the order of the rows. `source` placed the
 * learned ones. Boosts decide what is best, and are in no score.
 */
export async function* scoredCandidates(
  ranking: Ranking,
  items: ScoredItems,
  now: number,
  source: Source,
  first: number,
): AsyncGenerator<readonly Candidate[]> {
  const isEligible = (row: number): boolean => items.untilOf(row) > now;
  const { shiftOf } = items;
  const shift = shiftOf === null ? null : (row: number): number => shiftOf(items.indexOf(row));
  const shifted = shift === null ? ranking : ranking.shifted(shift);
  let passed = 0;
  for (let size = firstBatch(first); ; size *= growth) {
    const best = await shifted.best(size, isEligible);
    yield best.slice(passed).map(({ row, score }) => ({
      itemId: items.idOf(row),
      score: shift === null ? score : score - shift(row),
      source: row > items.learned ? 'CONTENT' : source,
    }));
    if (best.length < size) return;
    passed = best.length;
  }
}

/** A list in batches. */
export function* listed(list: readonly Candidate[], first: number): Generator<readonly Candidate[]> {
  let passed = 0;
  for (let size = firstBatch(first); passed < list.length; size *= growth) {
    yield list.slice(passed, passed + size);
    passed += size;
  }
}

/** Those that a selection lets pass. */
export async function* letPass(
  candidates: Candidates,
  { letsId, isOpen }: Selection,
): AsyncGenerator<readonly Candidate[]> {
  for await (const batch of candidates) yield isOpen ? batch : batch.filter(({ itemId }) => letsId(itemId));
}

type Page = (count: number, after: LatestCursor | null) => Promise<readonly LatestCursor[]> | readonly LatestCursor[];

/** A list of items by pages, the newest first. The score is the time of creation in seconds since 1970. */
export async function* latestCandidates(pageOf: Page, first: number): AsyncGenerator<readonly Candidate[]> {
  let after: LatestCursor | null = null;
  for (let size = firstBatch(first); ; size *= growth) {
    const page: readonly LatestCursor[] = await pageOf(size, after);
    yield page.map(({ id, createdAt }) => ({ itemId: id, score: createdAt.getTime() / 1000, source: 'LATEST' }));
    const last = page.at(-1);
    if (last === undefined || page.length < size) return;
    after = last;
  }
}
