/**
 * 95 % interval of a mean over users by the percentile bootstrap (Efron and Tibshirani, 1993, chapter 13): the mean of as many
 * users drawn with replacement, a thousand times; the 2.5th and the 97.5th percentile of these means.
 */
import { Random } from './random.js';

export type Interval = readonly [low: number, high: number];

const resamples = 1_000;

/** The same users are drawn for the same seed and number of values, so that models are compared on the same draws. */
export function bootstrap(values: Float64Array, seed: number): Interval {
  const { length } = values;
  if (length === 0) return [0, 0];
  const random = new Random(seed);
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    for (let draw = 0; draw < length; draw++) sum += values[random.below(length)] ?? 0;
    means[resample] = sum / length;
  }
  means.sort();
  return [means[Math.floor(0.025 * resamples)] ?? 0, means[Math.ceil(0.975 * resamples) - 1] ?? 0];
}
