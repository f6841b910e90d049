/**
 * Full ranking, one relevant item a case. Rank 0 is the best. A tie counts against the model: an item with the same
 * score as the target stands before it, so that a model that scores everything alike gets nothing. Seen items are out
 * of the ranking, except for the target.
 */
export interface Quality {
  readonly hrAt10: number;
  readonly ndcgAt10: number;
}

/**
 * Rank of the target among the items 1 .. scores.length - 1 by scores[row]; a target outside of them (row 0: unknown
 * to the model) is never found. A score that is not a number counts against the model too.
 */
export function rankOf(scores: Float32Array | Float64Array, target: number, seen: Int32Array): number {
  const mine = scores[target];
  if (target <= 0 || mine === undefined) return Number.POSITIVE_INFINITY;
  let rank = 0;
  for (let row = 1; row < scores.length; row++) if (!((scores[row] ?? 0) < mine)) rank++;
  rank--; //                                                    the target itself
  for (const row of new Set(seen)) {
    if (row > 0 && row !== target && !((scores[row] ?? 0) < mine)) rank--;
  }
  return rank;
}

/** Share of cases whose target is among the first k. */
export function hitRateAt(k: number, ranks: readonly number[]): number {
  return mean(ranks.map((rank) => (rank < k ? 1 : 0)));
}

/** Mean of 1 / log2(rank + 2) over the cases whose target is among the first k, others give 0. */
export function ndcgAt(k: number, ranks: readonly number[]): number {
  return mean(ranks.map((rank) => (rank < k ? 1 / Math.log2(rank + 2) : 0)));
}

/** Mean of 1 / (rank + 1) over the cases whose target is among the first k, others give 0. */
export function mrrAt(k: number, ranks: readonly number[]): number {
  return mean(ranks.map((rank) => (rank < k ? 1 / (rank + 1) : 0)));
}

export function quality(ranks: readonly number[]): Quality {
  return { hrAt10: hitRateAt(10, ranks), ndcgAt10: ndcgAt(10, ranks) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
