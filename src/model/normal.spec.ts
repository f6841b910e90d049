import { expect, it } from '@jest/globals';
import { normalCdf } from './normal.js';

/** From tables of the normal distribution, to ten digits. */
it.each([
  [0, 0.5],
  [0.01, 0.5039893563],
  [0.5, 0.6914624613],
  [1, 0.8413447461],
  [1.96, 0.9750021049],
  [-1, 0.1586552539],
  [-2.5, 0.0062096653],
  [3.7, 0.9998922003],
  [-5, 0.0000002867],
])('the normal distribution function of %d is %d', (x, expected) => {
  expect(Math.abs(normalCdf(x) - expected)).toBeLessThan(1.5e-7);
});

it('is within 3e-7 of the density summed by small steps, everywhere', () => {
  const step = 1 / 1024; // places are f32s exactly
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let sum = 0;
  let most = 0;
  for (let x = -9; x < 9; x += step) {
    most = Math.max(most, Math.abs(normalCdf(x) - sum));
    sum += (step / 6) * (density(x) + 4 * density(x + step / 2) + density(x + step));
  }
  expect(most).toBeLessThan(3e-7);
  expect(most).toBeGreaterThan(0);
});

it('ends at 0 and 1, and passes NaN on', () => {
  expect([8, 1e30, Infinity].map(normalCdf)).toEqual([1, 1, 1]);
  for (const x of [-8, -1e30, -Infinity]) expect(normalCdf(x)).toBeCloseTo(0, 14);
  expect(normalCdf(NaN)).toBeNaN();
});
