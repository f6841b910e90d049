import { describe, expect, it } from '@jest/globals';
import { hitRateAt, mrrAt, ndcgAt, quality, rankOf } from './metrics.js';

/** Scores of rows 1, 2, ...; row 0 gets a score that would win. */
const scores = (...values: number[]) => Float32Array.of(100, ...values);
const nothing = new Int32Array();

describe('rankOf', () => {
  it('counts the items with a higher score', () => {
    expect(rankOf(scores(0.5, 0.9, 0.1, 0.7), 1, nothing)).toBe(2);
    expect(rankOf(scores(0.5, 0.9, 0.1, 0.7), 2, nothing)).toBe(0);
    expect(rankOf(scores(0.5, 0.9, 0.1, 0.7), 3, nothing)).toBe(3);
  });

  it('puts items with the same score before the target', () => {
    expect(rankOf(scores(0.5, 0.5, 0.5), 2, nothing)).toBe(2);
  });

  it('leaves seen items out, each once', () => {
    expect(rankOf(scores(0.5, 0.9, 0.8, 0.7), 1, Int32Array.of(2, 3, 2, 2))).toBe(1);
  });

  it('leaves a seen item with a lower score out without moving the target', () => {
    expect(rankOf(scores(0.5, 0.9, 0.1), 1, Int32Array.of(3))).toBe(1);
  });

  it('keeps the target in the ranking when the user has seen it before', () => {
    expect(rankOf(scores(0.5, 0.9, 0.1), 1, Int32Array.of(1))).toBe(1);
  });

  it('never finds an item that the model does not know, in the history or as the target', () => {
    expect(rankOf(scores(0.5, 0.9), 0, nothing)).toBe(Infinity);
    expect(rankOf(scores(0.5, 0.9), 3, nothing)).toBe(Infinity);
    expect(rankOf(scores(0.5, 0.9), 1, Int32Array.of(0, 0))).toBe(1);
  });

  it('counts scores that are not numbers against the model', () => {
    expect(rankOf(scores(0.5, Number.NaN, 0.1), 1, nothing)).toBe(1);
    expect(rankOf(scores(Number.NaN, 0.2, 0.1), 1, nothing)).toBe(2);
  });
});

describe('the metrics', () => {
  it('take the first k ranks as hits', () => {
    expect(hitRateAt(10, [0, 9, 10, Infinity])).toBe(0.5);
    expect(hitRateAt(1, [0, 1])).toBe(0.5);
  });

  it('discount a hit by the logarithm of its place', () => {
    expect(ndcgAt(10, [0])).toBe(1);
    expect(ndcgAt(10, [2])).toBe(0.5); // 1 / log2(4)
    expect(ndcgAt(10, [0, 2, 10, Infinity])).toBe(0.375);
  });

  it('take the reciprocal of the place of a hit', () => {
    expect(mrrAt(20, [0])).toBe(1);
    expect(mrrAt(20, [3])).toBe(0.25);
    expect(mrrAt(20, [0, 3, 20, Infinity])).toBe(1.25 / 4);
    expect(mrrAt(10, [9, 10])).toBe(0.05);
  });

  it('take a cutoff beyond the catalogue as the whole catalogue', () => {
    expect(hitRateAt(1000, [3, 4])).toBe(1);
    expect(hitRateAt(1000, [3, Infinity])).toBe(0.5);
    expect(mrrAt(1000, [3, Infinity])).toBe(0.125);
  });

  it('are zero without cases', () => {
    expect(quality([])).toEqual({ hrAt10: 0, ndcgAt10: 0 });
    expect(mrrAt(20, [])).toBe(0);
  });
});
