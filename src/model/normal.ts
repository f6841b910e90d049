/**
 * The normal distribution function of the exact GELU, in f32 alone as `exp`.
 *
 *   P(-|x|) = 1/2 (a1 t + a2 t^2 + a3 t^3 + a4 t^4 + a5 t^5) exp(-x^2/2),   t = 1 / (1 + p |x| / sqrt 2),   P(x) = 1 - P(-x)
 *
 * Abramowitz and Stegun, 7.1.26: off by less than 3e-7 anywhere.
 */
import { exp } from './exponential.js';

const { fround } = Math;
/** p / sqrt 2, p = .3275911 */
const p = fround(0.23164188);
/** a5 / 2 down to a1 / 2 */
const halves = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].map((a) => fround(a / 2));
const [a5 = 0, a4 = 0, a3 = 0, a2 = 0, a1 = 0] = halves;

/** `x` is an f32, as the result. */
export function normalCdf(x: number): number {
  const t = fround(1 / fround(1 + fround(p * Math.abs(x))));
  let sum = fround(fround(a5 * t) + a4);
  sum = fround(fround(sum * t) + a3);
  sum = fround(fround(sum * t) + a2);
  sum = fround(fround(sum * t) + a1);
  const tail = fround(fround(sum * t) * exp(fround(fround(x * x) * -0.5)));
  return x < 0 ? tail : fround(1 - tail);
}
