import { describe, expect, it } from '@jest/globals';
import type { RankingMetrics } from '../storage/model.entity.js';
import { verdict, type Verdict } from './gate.js';

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

  it('refuses a candidate that has collapsed, by that name, though it beats popularity', () => {
    const lists = (ndcgAt10: number, overlap: number, coverage: number) => ({
      ...figures(ndcgAt10),
      overlap,
      coverage,
    });
    const popularity = lists(0.1, 0.6, 0.02);
    expect(verdict({ testedUsers: 600, model: lists(0.2, 0.58, 0.021), popularity })).toEqual({
      promote: false,
      reason:
        'everybody gets nearly the same list: two users share 58.0 % of their top ten, by popularity 60.0 %; 2.1 % of the catalogue is shown',
    });
    expect(verdict({ testedUsers: 600, model: lists(0.2, 0.3, 0.021), popularity }).promote).toBe(true);
    // ten of twelve items: all lists are alike
    expect(verdict({ testedUsers: 600, model: lists(0.2, 0.95, 1), popularity: lists(0.1, 1, 0.9) }).promote).toBe(
      true,
    );
  });

  it('refuses a network that has collapsed or learned nothing, though the rules beside it beat popularity', () => {
    const lists = (ndcgAt10: number, overlap: number, high: number) => ({
      ...figures(ndcgAt10),
      overlap,
      coverage: 0.02,
      ndcgAt10Interval: [0, high] as const,
    });
    const popularity = lists(0.1, 0.6, 0.12);
    const judge = (modelWithoutBlend: RankingMetrics): Verdict =>
      verdict({ testedUsers: 600, model: lists(0.2, 0.1, 0.22), modelWithoutBlend, popularity });
    expect(judge(lists(0.01, 0.65, 0.2))).toEqual({
      promote: false,
      reason:
        'without the rules everybody gets nearly the same list: two users share 65.0 % of their top ten, by popularity 60.0 %; 2.0 % of the catalogue is shown',
    });
    expect(judge(lists(0.01, 0.1, 0.09))).toEqual({
      promote: false,
      reason: 'the network has learned nothing: without the rules NDCG@10 0.0100, at most 0.0900, popularity 0.1000',
    });
    expect(judge(lists(0.09, 0.1, 0.11)).promote).toBe(true); // what is no better by chance alone goes by what serves
    expect(judge(figures(0.01)).promote).toBe(true); //          a version from before there were intervals
  });
});
