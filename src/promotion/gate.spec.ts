import { describe, expect, it } from '@jest/globals';
import { verdict } from './gate.js';

const figures = (ndcgAt10: number) => ({ hrAt10: 0.5, ndcgAt10 });

describe('the gate', () => {
  it('lets a candidate through that beats popularity, and says by how much', () => {
    expect(verdict({ testedUsers: 40, model: figures(0.2), popularity: figures(0.1) })).toEqual({
      promote: true,
      reason: 'better than popularity: NDCG@10 0.2000 against 0.1000 of popularity, 40 users',
    });
  });

  it('refuses a candidate that is worse than popularity', () => {
    expect(verdict({ testedUsers: 40, model: figures(0.05), popularity: figures(0.1) })).toEqual({
      promote: false,
      reason: 'not better than popularity: NDCG@10 0.0500 against 0.1000 of popularity, 40 users',
    });
  });

  it('takes a tie as no win', () => {
    expect(verdict({ testedUsers: 40, model: figures(0.1), popularity: figures(0.1) }).promote).toBe(false);
    expect(verdict({ testedUsers: 1, model: figures(0), popularity: figures(0) }).promote).toBe(false);
  });

  it('refuses a figure that is not a number', () => {
    expect(verdict({ testedUsers: 40, model: figures(Number.NaN), popularity: figures(0.1) }).promote).toBe(false);
  });

  it('refuses a candidate that nobody could be tested on', () => {
    const reason = 'no user could be tested: each needs at least three interactions';
    expect(verdict({ testedUsers: 0 })).toEqual({ promote: false, reason });
    expect(verdict({ testedUsers: 3, model: figures(0.2) })).toEqual({ promote: false, reason });
  });
});
