/**
 * Candidates of an answer, in batches that grow: most answers need the first batch only, and none reads more than it must.
 * Sources are chained: what the memory scores, then what is popular, then what is new.
 */
import type { EntityManager } from 'typeorm';
import type { Ranking } from '../model/item-ranking.js';
import { latestItems, type LatestCursor } from '../storage/item-read.store.js';
import type { Candidate, Source } from './answer.js';

export type Candidates = AsyncIterable<readonly Candidate[]> | Iterable<readonly Candidate[]>;

/** What scores are of: rows 1 .. learned are of the network's vocabulary, those behind it are placed by their content. */
export interface ScoredItems {
  readonly learned: number;
  idOf(row: number): string;
  /** until when the item may be answered */
  untilOf(row: number): number;
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

/** The best rows of a ranking among those that may be answered at `now`; equal scores in the order of the rows. `source` placed the learned ones. */
export function* scoredCandidates(
  ranking: Ranking,
  items: ScoredItems,
  now: number,
  source: Source,
  first: number,
): Generator<readonly Candidate[]> {
  const isEligible = (row: number): boolean => items.untilOf(row) > now;
  let passed = 0;
  for (let size = firstBatch(first); ; size *= growth) {
    const best = ranking.best(size, isEligible);
    yield best.slice(passed).map(({ row, score }) => ({
      itemId: items.idOf(row),
      score,
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

/** The whole catalogue, the newest item first. The score is the time of creation in seconds since 1970. */
export async function* latestCandidates(tx: EntityManager, first: number): AsyncGenerator<readonly Candidate[]> {
  let after: LatestCursor | null = null;
  for (let size = firstBatch(first); ; size *= growth) {
    const page: readonly LatestCursor[] = await latestItems(tx, size, after);
    yield page.map(({ id, createdAt }) => ({ itemId: id, score: createdAt.getTime() / 1000, source: 'LATEST' }));
    const last = page.at(-1);
    if (last === undefined || page.length < size) return;
    after = last;
  }
}
