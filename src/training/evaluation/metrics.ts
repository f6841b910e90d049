/**
 * Full ranking, one relevant item a case. Rank 0 is the best. A tie counts against the model: an item with the same
 * score as the target stands before it, so that a model that scores everything alike gets nothing. What a case leaves
 * out is out of the ranking, except for the target.
 */
export interface Quality {
  readonly hrAt10: number;
  readonly ndcgAt10: number;
}

/**
 * Rank of the target among the items 1 .. scores.length - 1 by scores[row]; a target outside of them (row 0: unknown
 * to the model) is never found. A score that is not a number counts against the model too.
 */
export function rankOf(scores: Float32Array | Float64Array, target: number, excluded: Int32Array): number {
  const mine = scores[target];
  if (target <= 0 || mine === undefined) return Number.POSITIVE_INFINITY;
  let rank = 0;
  for (let row = 1; row < scores.length; row++) if (!((scores[row] ?? 0) < mine)) rank++;
  rank--; //                                                    the target itself
  for (const row of new Set(excluded)) {
    if (row > 0 && row !== target && row < scores.length && !((scores[row] ?? 0) < mine)) rank--;
  }
  return rank;
}

/** Of each case; infinite for a target that is never found. */
export type Ranks = Float64Array | readonly number[];

/** What one case gives for the rank of its target. */
export type Gain = (rank: number) => number;

/** 1 for a target among the first k. With one relevant item a case this is recall at k too. */
export const hitAt =
  (k: number): Gain =>
  (rank) =>
    rank < k ? 1 : 0;

/** 1 / log2(rank + 2) for a target among the first k (Järvelin & Kekäläinen, 2002; the ideal gain of one item is 1). */
export const discountedHitAt =
  (k: number): Gain =>
  (rank) =>
    rank < k ? 1 / Math.log2(rank + 2) : 0;

/** 1 / (rank + 1) for a target among the first k (Voorhees, 1999, cut off at k as session benchmarks do). */
export const reciprocalRankAt =
  (k: number): Gain =>
  (rank) =>
    rank < k ? 1 / (rank + 1) : 0;

/** Share of cases whose target is among the first k. */
export function hitRateAt(k: number, ranks: Ranks): number {
  return meanGain(hitAt(k), ranks);
}

export function ndcgAt(k: number, ranks: Ranks): number {
  return meanGain(discountedHitAt(k), ranks);
}

export function mrrAt(k: number, ranks: Ranks): number {
  return meanGain(reciprocalRankAt(k), ranks);
}

export function quality(ranks: Ranks): Quality {
  return { hrAt10: hitRateAt(10, ranks), ndcgAt10: ndcgAt(10, ranks) };
}

function meanGain(gain: Gain, ranks: Ranks): number {
  let sum = 0;
  for (const rank of ranks) sum += gain(rank);
  return ranks.length === 0 ? 0 : sum / ranks.length;
}
