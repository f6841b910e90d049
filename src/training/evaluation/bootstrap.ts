/**
 * Percentile bootstrap over users (Efron, 1979): how far a mean over cases could lie elsewhere if other users had been asked.
 * Each resample draws as many users as there are, with replacement, a user with all of its cases; the figure of a resample is
 * the mean over the cases in it. All columns see the same users, and the seed decides which.
 */
import { Random } from '../random.js';

/** A mean and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export const resamples = 1_000;

/** `users[n]` is whose case n is; each column has the gain of every case. */
export function estimates(columns: readonly Float64Array[], users: Int32Array, seed: number): readonly Estimate[] {
  const { sums, counts } = perUser(columns, users);
  const n = counts.length;
  if (n === 0) return columns.map(() => ({ value: 0, low: 0, high: 0 }));
  const random = new Random(seed);
  const drawn = new Int32Array(n);
  const means = columns.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0);
    for (let draw = 0; draw < n; draw++) {
      const user = random.below(n);
      drawn[user] = (drawn[user] ?? 0) + 1;
    }
    const cases = weighted(counts, drawn);
    sums.forEach((sum, column) => {
      means[column]?.set([weighted(sum, drawn) / cases], resample);
    });
  }
  return columns.map((column, index) => {
    const sorted = (means[index] ?? new Float64Array()).sort();
    const value = column.reduce((sum, gain) => sum + gain, 0) / column.length;
    return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}

/** Gains of each user [columns][users], and how many cases a user has. */
function perUser(columns: readonly Float64Array[], users: Int32Array): { sums: Float64Array[]; counts: Float64Array } {
  const indexes = new Map<number, number>();
  const own = users.map((user) => {
    const index = indexes.get(user) ?? indexes.size;
    indexes.set(user, index);
    return index;
  });
  const gather = (gains: (at: number) => number): Float64Array => {
    const sums = new Float64Array(indexes.size);
    own.forEach((user, at) => {
      sums[user] = (sums[user] ?? 0) + gains(at);
    });
    return sums;
  };
  return { sums: columns.map((column) => gather((at) => column[at] ?? 0)), counts: gather(() => 1) };
}

function weighted(values: Float64Array, weights: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (values[at] ?? 0) * (weights[at] ?? 0);
  return sum;
}

/** Nearest rank: the smallest value that at least this share of all values does not exceed. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
