/**
 * Where the negatives of the sampled softmax come from:
 *
 *   q_j = (1 - m) count_j^a / sum_i count_i^a + m / N
 *
 * by the counts in the training sequences. Frequent items are drawn more often, as they are the ones that stand high in the
 * ranking; the uniform share keeps the correction of rare ones bounded. Rows are drawn from an alias table (Walker, 1977; Vose,
 * 1991): two random numbers a draw, whatever the catalogue.
 */
import type { Random } from '../random.js';

/** a = 0: uniform */
const exponent = 0.75;
const uniformShare = 0.2;

export class Proposal {
  /** q by item, item j of row j + 1 */
  private readonly shares: Float64Array;
  /** place j keeps its own item with this chance, and else gives its alias */
  private readonly keeps: Float64Array;
  private readonly aliases: Int32Array;

  /** `counts` by row; row 0, the unknown item, is never drawn */
  constructor(counts: Float32Array, { power = exponent, uniform = uniformShare } = {}) {
    const items = counts.length - 1;
    const weights = Float64Array.from(counts.subarray(1), (count) => count ** power);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.shares = weights.map((weight) => ((1 - uniform) * weight) / total + uniform / items);
    this.keeps = this.shares.map((share) => share * items);
    this.aliases = Int32Array.from({ length: items }, (_, item) => item);
    const scarce: number[] = [];
    const ample: number[] = [];
    this.keeps.forEach((keep, item) => (keep < 1 ? scarce : ample).push(item));
    for (let low = scarce.pop(), high = ample.pop(); low !== undefined && high !== undefined; low = scarce.pop()) {
      this.aliases[low] = high;
      const left = (this.keeps[high] ?? 0) - (1 - (this.keeps[low] ?? 0));
      this.keeps[high] = left;
      if (left < 1) {
        scarce.push(high);
        high = ample.pop();
      }
    }
  }

  /** A row, 1 .. N. */
  draw(random: Random): number {
    const place = random.below(this.shares.length);
    return 1 + (random.next() < (this.keeps[place] ?? 1) ? place : (this.aliases[place] ?? place));
  }

  /**
   * The distinct rows of about `draws` draws: a Poisson process, so that each row is in by itself with chance
   * 1 - exp(-draws q), the others whatever they are.
   */
  sample(draws: number, random: Random): Int32Array {
    const rows = new Set<number>();
    for (let time = -Math.log(1 - random.next()); time < draws; time -= Math.log(1 - random.next())) {
      rows.add(this.draw(random));
    }
    return Int32Array.from(rows);
  }

  /** log(1 - exp(-draws q)) of a row: the logarithm of the expected count of the row in a sample. */
  logExpected(row: number, draws: number): number {
    return Math.log(-Math.expm1(-draws * (this.shares[row - 1] ?? 0)));
  }
}
