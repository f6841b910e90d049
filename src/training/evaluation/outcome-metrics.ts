/** How well a ranking agrees with what interactions turned out to be worth. */
import { discountedHitAt, type Ranks } from './metrics.js';

/**
 * Of cases whose targets weigh w: sum of w gain / sum of |w|, gain that of NDCG@10. A liked target among the first ten earns what it
 * weighs, a disliked one costs it. 1 at best; NDCG@10 itself where all weigh the same.
 */
export function outcomeNdcgAt10(ranks: Ranks, weights: ArrayLike<number>): number {
  const gain = discountedHitAt(10);
  let [earned, possible] = [0, 0];
  ranks.forEach((rank, at) => {
    const weight = weights[at] ?? 0;
    earned += weight * gain(rank);
    possible += Math.abs(weight);
  });
  return possible === 0 ? 0 : earned / possible;
}
