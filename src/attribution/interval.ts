/**
 * 95 % confidence intervals. They take impressions as independent: where few users have many of them, the truth is wider.
 *
 *   rate   Wilson (1927): p' = (p + z^2/2n) / (1 + z^2/n),  p' -+ z/(1 + z^2/n) sqrt(p(1 - p)/n + z^2/4n^2); right for rates near 0 too
 *   mean   normal: m -+ z s/sqrt(n)
 */

/** The value that a standard normal exceeds in 2.5 % of cases. */
const z = 1.959963984540054;

/** A figure and its interval; null: there was nothing to measure it by. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const nothing: Estimate = { value: null, low: null, high: null };

export function rateOf(hits: number, count: number): Estimate {
  if (count === 0) return nothing;
  const p = hits / count;
  const shrink = 1 + z ** 2 / count;
  const middle = (p + z ** 2 / (2 * count)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / count + z ** 2 / (4 * count ** 2));
  // the ends are exact where nothing, or everything, was hit
  return { value: p, low: hits === 0 ? 0 : middle - half, high: hits === count ? 1 : middle + half };
}

/** `variance` is that of the sample; null for fewer than two. */
export function meanOf(sum: number, count: number, variance: number | null): Estimate {
  if (count === 0) return nothing;
  const value = sum / count;
  if (variance === null) return { value, low: null, high: null };
  const half = z * Math.sqrt(variance / count);
  return { value, low: value - half, high: value + half };
}
