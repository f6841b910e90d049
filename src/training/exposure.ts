/**
 * What all the answers of a ranker show together, by how often each item stands in one of them.
 *
 *   coverage   share of the catalogue's items that stand in at least one answer (Ge et al., 2010)
 *   Gini       sum over i of (2 i - n - 1) x_i / (n sum of x), with the n items' counts x in rising order: 0 where all items are
 *              shown alike, near 1 where a few take everything
 *   novelty    mean over the places of all answers of -log2 p(item), p its share of the training interactions (Zhou et al.,
 *              2010): bits, more where less popular items are shown
 */
export interface Exposure {
  readonly coverage: number;
  readonly gini: number;
  readonly novelty: number;
}

/** `shown` and `popularity` by item row; row 0 is no item. Zeros where nothing was shown. */
export function exposureOf(shown: Float64Array, popularity: Float32Array): Exposure {
  const counts = shown.slice(1).sort();
  const n = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return { coverage: 0, gini: 0, novelty: 0 };
  const interactions = popularity.reduce((sum, count, row) => (row === 0 ? sum : sum + count), 0);
  let novelty = 0;
  for (let row = 1; row < shown.length; row++) {
    const count = shown[row] ?? 0;
    if (count > 0) novelty -= count * Math.log2((popularity[row] ?? 0) / interactions);
  }
  return {
    coverage: counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) / n,
    gini: counts.reduce((sum, count, at) => sum + (2 * (at + 1) - n - 1) * count, 0) / (n * total),
    novelty: novelty / total,
  };
}
