import { describe, expect, it } from '@jest/globals';
import { ndcgAt } from './metrics.js';
import { outcomeNdcgAt10 } from './outcome-metrics.js';

describe('outcomeNdcgAt10', () => {
  it('earns what a liked target weighs and pays for a disliked one, of all that could be earned or paid', () => {
    // gains 1, 1 / log2(3), 0 and 1 / log2(4)
    const earned = 2 * 1 - 1 / Math.log2(3) + 3 * 0 + 0.5 * 0.5;
    expect(outcomeNdcgAt10([0, 1, 10, 2], [2, -1, 3, 0.5])).toBeCloseTo(earned / 6.5, 12);
  });

  it('is NDCG@10 where all targets weigh the same, and 0 without any that count', () => {
    const ranks = [0, 3, 12, Infinity];
    expect(outcomeNdcgAt10(ranks, [1, 1, 1, 1])).toBeCloseTo(ndcgAt(10, ranks), 12);
    expect(outcomeNdcgAt10(ranks, [0, 0, 0, 0])).toBe(0);
    expect(outcomeNdcgAt10([], [])).toBe(0);
  });
});
