import { describe, expect, it } from '@jest/globals';
import type { Scoring } from '../../src/training/evaluation/scoring.js';
import { blended, laterPairOrder, likedQuality, pairOrder, remembering, type Liking } from './outcome-judgement.js';

const liking: Liking = (value) => (value >= 4 ? 1 : value <= 2 ? -1 : 0);

/** Row 1 is best, then 2, and so on; row 3 and 4 are equal. */
const falling: Scoring = (histories, visit) => {
  histories.forEach((_, index) => {
    visit(index, Float32Array.of(0, 9, 8, 7, 7, 5, 4, 3, 2, 1, 0, -1, -2));
  });
};

describe('likedQuality', () => {
  it('asks only for what turned out to be liked', () => {
    // the third is not liked
    expect(likedQuality([0, 11, 1, 4], [5, 4, 3, 4.5], liking)).toEqual({
      hrAt10: 2 / 3,
      ndcgAt10: (1 + 1 / Math.log2(6)) / 3,
      cases: 3,
    });
  });
});

describe('laterPairOrder', () => {
  const histories = [Int32Array.of(12), Int32Array.of(11), Int32Array.of(), Int32Array.of(10)];
  const later = {
    offsets: Int32Array.of(0, 5, 8, 10, 11),
    rows: Int32Array.of(1, 3, 2, 4, 0, 6, 5, 7, 1, 2, 5),
    values: Float32Array.of(5, 4, 1, 2, 1, 5, 1, 3, 5, 1, 5),
  };

  it('is the mean over users of the share of pairs in order, of those who have a history, a liked and a disliked item', () => {
    // user 0: liked 1 and 3, disliked 2 and 4: 1 above both, 3 below 2 and equal to 4; the unknown item does not count
    // user 1: liked 6 stands below disliked 5; user 2 has no history; user 3 dislikes nothing
    expect(laterPairOrder(falling, histories, later, liking)).toEqual({ order: (2.5 / 4 + 0) / 2, users: 2 });
  });
});

describe('remembering', () => {
  it('asks once for a history, and gives scores that may be changed', () => {
    let asked = 0;
    const scoring = remembering((histories, visit) => {
      asked++;
      falling(histories, visit);
    });
    const history = [Int32Array.of(1)];
    const spoil = (_: number, scores: Float32Array): void => void scores.fill(0);
    scoring(history, spoil);
    let first = 0;
    scoring(history, (_, scores) => (first = scores[1] ?? 0));
    expect([asked, first]).toEqual([1, 9]);
  });
});

describe('blended', () => {
  it('adds the rules of the last items as they are served', () => {
    const table = {
      offsets: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      items: Int32Array.of(5),
      values: Float32Array.of(2),
    };
    const seen: number[] = [];
    const visit = (_: number, scores: Float32Array): void => void seen.push(scores[5] ?? NaN, scores[6] ?? NaN);
    blended(falling, table, { weight: 3, scale: 1, placePower: 1, repeat: 0 })([Int32Array.of(12)], visit);
    expect(seen[0]).toBeCloseTo(5 + 3 * Math.log(3), 5);
    expect(seen[1]).toBe(4);
    expect(blended(falling, table, { weight: 0, scale: 1, placePower: 1, repeat: 0 })).toBe(falling);
  });
});

describe('pairOrder', () => {
  it('is the share of pairs with the liked item above, equal scores count half', () => {
    // 3 > 1, 3 > 2, 2 > 1 are right, 2 = 2 is half, 0 is below both
    expect(pairOrder([3, 2, 0], [1, 2])).toBeCloseTo(3.5 / 6, 12);
    expect(pairOrder([1], [0])).toBe(1);
    expect(pairOrder([0], [1])).toBe(0);
  });

  it('is not a number without a pair', () => {
    expect(pairOrder([], [1])).toBeNaN();
    expect(pairOrder([1], [])).toBeNaN();
  });
});
