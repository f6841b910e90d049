import { describe, expect, it } from '@jest/globals';
import { bestRows, coverage, gini, novelty, overlap } from './exposure.js';
import { Random } from '../random.js';

/** Counts of rows 1, 2, ...; row 0 is no item and counts for nothing. */
const shown = (...counts: number[]) => Int32Array.of(99, ...counts);
const scores = (...values: number[]) => Float32Array.of(100, ...values);
const nothing = new Int32Array();

describe('bestRows', () => {
  it('has the best first, and of equal scores the lower row', () => {
    expect(bestRows(scores(0.2, 0.9, 0.5, 0.9), 3, nothing)).toEqual([2, 4, 3]);
    expect(bestRows(scores(0.5, 0.5, 0.5), 2, nothing)).toEqual([1, 2]);
  });

  it('leaves out what the case leaves out', () => {
    expect(bestRows(scores(0.2, 0.9, 0.5), 2, Int32Array.of(2, 2, 0))).toEqual([3, 1]);
  });

  it('has the whole catalogue for a cutoff beyond it, and nothing where nothing is left', () => {
    expect(bestRows(scores(0.2, 0.9), 10, nothing)).toEqual([2, 1]);
    expect(bestRows(scores(0.2, 0.9), 10, Int32Array.of(1, 2))).toEqual([]);
    expect(bestRows(scores(), 10, nothing)).toEqual([]);
  });

  it('shows no item whose score is not a number', () => {
    expect(bestRows(scores(Number.NaN, 0.1), 10, nothing)).toEqual([2]);
  });

  it('equals a sort of everything', () => {
    const random = new Random(5);
    for (let turn = 0; turn < 50; turn++) {
      const drawn = scores(...Array.from({ length: 80 }, () => random.below(30)));
      const excluded = Int32Array.from({ length: 20 }, () => random.below(81));
      const sorted = [...drawn.keys()]
        .filter((row) => row > 0 && !excluded.includes(row))
        .sort((a, b) => (drawn[b] ?? 0) - (drawn[a] ?? 0) || a - b);
      expect(bestRows(drawn, 10, excluded)).toEqual(sorted.slice(0, 10));
    }
  });
});

describe('coverage', () => {
  it('is the share of the items that were shown at least once', () => {
    expect(coverage(shown(3, 0, 1, 0))).toBe(0.5);
    expect(coverage(shown(0, 0))).toBe(0);
    expect(coverage(shown())).toBe(0);
  });
});

describe('the Gini index', () => {
  it('is 0 when all items are shown alike and 1 when it is always the same', () => {
    expect(gini(shown(4, 4, 4))).toBe(0);
    expect(gini(shown(0, 12, 0))).toBe(1);
  });

  it('grows with the difference', () => {
    expect(gini(shown(3, 1))).toBe(0.5); //                     p = 1/4, 3/4: (-1 * 1/4 + 1 * 3/4) / 1
    expect(gini(shown(2, 1, 3))).toBeCloseTo(1 / 3, 12); //     p = 1/6, 2/6, 3/6: (-2 * 1/6 + 2 * 3/6) / 2
  });

  it('is 0 where nothing could differ', () => {
    expect([gini(shown()), gini(shown(7)), gini(shown(0, 0))]).toEqual([0, 0, 0]);
  });
});

describe('novelty', () => {
  /** 4, 2, 1 and 1 of 8 interactions: 1, 2, 3 and 3 bits */
  const frequencies = Float32Array.of(50, 4, 2, 1, 1);

  it('is the mean self-information of what was shown', () => {
    expect(novelty(shown(1, 0, 0, 0), frequencies)).toBe(1);
    expect(novelty(shown(2, 1, 1, 0), frequencies)).toBe((2 * 1 + 2 + 3) / 4);
    expect(novelty(shown(1, 1, 1, 1), frequencies)).toBe(9 / 4);
  });

  it('takes an item without a training interaction as one with one, and nothing shown as nothing new', () => {
    expect(novelty(shown(0, 0, 1), Float32Array.of(0, 3, 5, 0))).toBe(3);
    expect(novelty(shown(0, 0, 0, 0), frequencies)).toBe(0);
  });
});

describe('overlap', () => {
  it('is 1 where all lists are the same, and 0 where no two share an item', () => {
    expect(overlap(shown(4, 4, 0), 4)).toBe(1);
    expect(overlap(shown(1, 1, 1, 1), 2)).toBe(0);
  });

  it('is the mean share over all pairs', () => {
    // {1 2}, {1 3}, {1 2}: the pairs share 1, 2 and 1 of 2
    expect(overlap(shown(3, 2, 1), 3)).toBeCloseTo((0.5 + 1 + 0.5) / 3, 12);
  });

  it('is 0 without two lists to compare, or without anything in them', () => {
    expect(overlap(shown(1, 1), 1)).toBe(0);
    expect(overlap(shown(0, 0), 5)).toBe(0);
    expect(overlap(shown(), 0)).toBe(0);
  });
});
