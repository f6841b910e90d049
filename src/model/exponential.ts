/**
 * e^x, in f32 alone: every product and sum is rounded, in this order, so that four lanes of a vector unit leave the same bits.
 *
 *   x = n ln 2 + r,  |r| <= ln 2 / 2;   e^x = 2^n e^r;   e^r by Cephes' polynomial of degree 7, off by 2e-7 of itself at most
 *
 * Beyond +-87 it stays what it is there, so that no result and no reciprocal of one is zero, infinite or subnormal.
 */
const limit = 87;
/** f32s are whole numbers from here on: adding it rounds to the nearest one, a tie to the even one. */
const rounder = 12_582_912; // 1.5 * 2^23
const perLn2 = Math.fround(1.4426950408889634);
/** ln 2 in two parts: n times the first is exact */
const ln2High = 0.693359375;
const ln2Low = Math.fround(-2.1219444005469e-4);
const coefficients = [
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
].map(Math.fround); // prettier-ignore
const [c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = coefficients;

const { fround } = Math;
const power = new Float32Array(1);
const powerBits = new Int32Array(power.buffer);

/** `x` is an f32, as the result. */
export function exp(x: number): number {
  const bounded = Math.min(Math.max(x, -limit), limit);
  const n = fround(fround(fround(bounded * perLn2) + rounder) - rounder);
  const r = fround(fround(bounded - fround(n * ln2High)) - fround(n * ln2Low));
  let sum = fround(fround(c0 * r) + c1);
  sum = fround(fround(sum * r) + c2);
  sum = fround(fround(sum * r) + c3);
  sum = fround(fround(sum * r) + c4);
  sum = fround(fround(sum * r) + c5);
  sum = fround(fround(fround(sum * fround(r * r)) + r) + 1);
  powerBits[0] = (n + 127) << 23; // 2^n
  return fround(sum * (power[0] as number));
}
