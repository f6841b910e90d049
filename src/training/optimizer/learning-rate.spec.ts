import { describe, expect, it } from '@jest/globals';
import { learningRateAt } from './learning-rate.js';

describe('learningRateAt', () => {
  const rate = (done: number) => learningRateAt({ learningRate: 1, epochs: 10 }, done, 100);

  it('rises over the first epoch', () => {
    expect(rate(0)).toBeCloseTo(0.01, 12);
    expect(rate(49)).toBeCloseTo(0.5 * 0.951, 12);
    expect(rate(99)).toBeCloseTo(0.901, 12);
  });

  it('falls from there in a line, and stays above 2 %', () => {
    expect(rate(500)).toBeCloseTo(0.5, 12);
    expect(rate(990)).toBe(0.02);
    expect(rate(999)).toBe(0.02);
  });
});
