import { describe, expect, it } from '@jest/globals';
import { markov, popularity, rules, sequentialRules } from './baselines.js';
import { quality } from './metrics.js';
import { ranksOf } from './scoring.js';

/** 1 2 3 1 2 and 2 4 3 and 4: 2 is the most popular, 4 and 1 and 3 occur twice. */
const training = { offsets: Int32Array.of(0, 5, 8, 9), rows: Int32Array.of(1, 2, 3, 1, 2, 2, 4, 3, 4) };
const caseOf = (items: number[], target: number) => {
  const history = Int32Array.from(items);
  return { history, excluded: history, target, user: 0 };
};

describe('the baselines', () => {
  it('rank by popularity, ties against the target, seen items out', () => {
    const ranks = ranksOf(popularity(training, 4), [caseOf([4], 2), caseOf([2], 1), caseOf([2, 3], 1), caseOf([1], 0)]);
    expect(ranks).toEqual([0, 2, 1, Infinity]);
  });

  it('rank by what came next, then by popularity', () => {
    const ranks = ranksOf(markov(training, 4), [caseOf([1], 2), caseOf([2], 4), caseOf([3], 2), caseOf([2], 1)]);
    expect(ranks).toEqual([0, 1, 1, 2]); // after 2 came 3 and 4 once each: a tie, popularity 2 each; then 1
  });

  it('rank by the decayed transitions of the last items', () => {
    const table = sequentialRules(training, 4);
    // after 3, then 1, all over root 2: from 1 (k = 1) 2 by 1 + 1 + 1/4, 3 by 1/2; from 3 (k = 2) 2 by 1/2 again
    const ranks = ranksOf(rules(table, training, 4), [caseOf([3, 1], 2), caseOf([3, 1], 4)]);
    expect(ranks).toEqual([0, 1]);
  });

  it('give the figures of their ranks', () => {
    const ranks = ranksOf(popularity(training, 4), [caseOf([4], 2), caseOf([1], 0)]);
    expect(quality(ranks)).toEqual({ hrAt10: 0.5, ndcgAt10: 0.5 });
  });
});
