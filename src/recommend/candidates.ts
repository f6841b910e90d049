/**
 * Candidates of an answer, in batches that grow: most answers need the first batch only, and none reads more than it must.
 * Sources are chained: what the memory scores, then what is popular, then what is new.
 */
import type { EntityManager } from 'typeorm';
import { rank } from '../model/rank.js';
import type { Vocabulary } from '../model/vocabulary.js';
import { latestItems, type LatestCursor } from '../storage/item-read.store.js';
import type { Candidate, Source } from './answer.js';

export type Candidates = AsyncIterable<readonly Candidate[]> | Iterable<readonly Candidate[]>;

/** How much larger each batch is than the one before. */
const growth = 4;

/** More than is asked for, so that seen and vanished candidates seldom cost a second round. */
export function firstBatch(first: number): number {
  return 2 * first + 20;
}

export async function* chain(...sources: readonly Candidates[]): AsyncGenerator<readonly Candidate[]> {
  for (const source of sources) yield* source;
}

/** The rows with the highest scores among those that may be answered at `now`; equal scores in the order of the rows. */
export function* scoredCandidates(
  scores: Float32Array,
  until: Float64Array,
  now: number,
  vocabulary: Vocabulary,
  source: Source,
  first: number,
): Generator<readonly Candidate[]> {
  const isEligible = (row: number): boolean => (until[row - 1] ?? -Infinity) > now;
  let passed = 0;
  for (let size = firstBatch(first); ; size *= growth) {
    const ranking = rank(scores, size, isEligible);
    yield ranking.slice(passed).map(({ row, score }) => ({ itemId: vocabulary.idOf(row), score, source }));
    if (ranking.length < size) return;
    passed = ranking.length;
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
