import { describe, expect, it } from '@jest/globals';
import { exposureOf } from './exposure.js';

/** Four items with 8, 4, 2, 2 of 16 interactions: 1, 2, 3 and 3 bits. */
const popularity = Float32Array.of(0, 8, 4, 2, 2);

describe('exposureOf', () => {
  it('is even where all items are shown alike', () => {
    const { coverage, gini, novelty } = exposureOf(Float64Array.of(0, 5, 5, 5, 5), popularity);
    expect([coverage, gini]).toEqual([1, 0]);
    expect(novelty).toBeCloseTo((1 + 2 + 3 + 3) / 4, 9);
  });

  it('is one-sided where one item takes everything', () => {
    const { coverage, gini, novelty } = exposureOf(Float64Array.of(0, 7, 0, 0, 0), popularity);
    expect(coverage).toBe(0.25);
    expect(gini).toBeCloseTo(0.75, 9); // (n - 1) / n
    expect(novelty).toBeCloseTo(1, 9);
  });

  it('is counted by hand for a mixed case', () => {
    const { coverage, gini, novelty } = exposureOf(Float64Array.of(0, 3, 1, 0, 2), popularity);
    expect(coverage).toBe(0.75);
    expect(gini).toBeCloseTo((-3 * 0 - 1 * 1 + 1 * 2 + 3 * 3) / (4 * 6), 9);
    expect(novelty).toBeCloseTo((3 * 1 + 1 * 2 + 2 * 3) / 6, 9);
  });

  it('is nothing where nothing was shown', () => {
    expect(exposureOf(new Float64Array(5), popularity)).toEqual({ coverage: 0, gini: 0, novelty: 0 });
  });
});
