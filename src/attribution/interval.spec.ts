import { describe, expect, it } from '@jest/globals';
import { meanOf, rateOf } from './interval.js';

describe('intervals', () => {
  // Newcombe (1998), Statistics in Medicine 17: 857, table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [20, 20, 0.8389, 1],
  ])('of a rate are those of Wilson: %d of %d', (hits, count, low, high) => {
    const rate = rateOf(hits, count);
    expect(rate.value).toBe(hits / count);
    expect(rate.low).toBeCloseTo(low, 4);
    expect(rate.high).toBeCloseTo(high, 4);
  });

  it('of a mean lie 1.96 standard errors around it', () => {
    // 0, 0, 10, 30: mean 10, sample variance 200
    const { value, low, high } = meanOf(40, 4, 200);
    expect(value).toBe(10);
    expect(low).toBeCloseTo(10 - 1.959964 * Math.sqrt(50), 4);
    expect(high).toBeCloseTo(10 + 1.959964 * Math.sqrt(50), 4);
    expect(meanOf(7, 1, null)).toEqual({ value: 7, low: null, high: null });
  });

  it('do not exist where nothing was counted', () => {
    const nothing = { value: null, low: null, high: null };
    expect([rateOf(0, 0), meanOf(0, 0, null)]).toEqual([nothing, nothing]);
  });
});
