import { expect, it } from '@jest/globals';
import { exp } from './exponential.js';

it('is e to the power of an f32, off by at most 2e-7 of itself, and an f32', () => {
  let most = 0;
  let isSingle = true;
  for (let at = -87_000; at <= 87_000; at += 7) {
    const x = Math.fround(at / 1000);
    most = Math.max(most, Math.abs(exp(x) / Math.exp(x) - 1));
    isSingle &&= exp(x) === Math.fround(exp(x));
  }
  expect(most).toBeLessThan(2e-7);
  expect(isSingle).toBe(true);
  expect(exp(0)).toBe(1);
});

it('stays what it is at 87 beyond, so that neither it nor its reciprocal vanishes, and passes NaN on', () => {
  expect([88, 1e30, Infinity].map(exp)).toEqual([exp(87), exp(87), exp(87)]);
  expect([-88, -1e30, -Infinity].map(exp)).toEqual([exp(-87), exp(-87), exp(-87)]);
  expect(Math.min(exp(-87), 1 / exp(87))).toBeGreaterThan(2 ** -126);
  expect(exp(NaN)).toBeNaN();
});
