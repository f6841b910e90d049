import { describe, expect, it } from '@jest/globals';
import { Judge } from './judge.js';

/** Twelve items; item n has n training interactions. */
const popularity = Float32Array.from({ length: 13 }, (_, row) => row);
/** Item n scores n. */
const rising = () => Float32Array.from({ length: 13 }, (_, row) => row);

describe('Judge', () => {
  it('gives the figures of hand-worked cases', () => {
    const judge = new Judge(popularity);
    judge.add(rising(), { target: 12, history: Int32Array.of(1) }); //              rank 0
    judge.add(rising(), { target: 10, history: Int32Array.of(12, 11, 12) }); //     rank 0: both above are seen
    judge.add(rising(), { target: 9, history: new Int32Array(20).fill(1) }); //     rank 3
    judge.add(rising(), { target: 0, history: Int32Array.of(3) }); //               never found
    const figures = judge.figures(1);
    expect(figures.hrAt10).toBe(0.75);
    expect(figures.ndcgAt10).toBeCloseTo((1 + 1 + 1 / Math.log2(5)) / 4, 9);
    expect(figures.mrrAt10).toBeCloseTo((1 + 1 + 1 / 4) / 4, 9);
    expect(figures.byTargetInteractions).toEqual([
      { from: 0, to: 0, users: 1, hrAt10: 0, ndcgAt10: 0 },
      { from: 6, to: 50, users: 3, hrAt10: 1, ndcgAt10: (1 + 1 + 1 / Math.log2(5)) / 3 },
    ]);
    expect(figures.byHistoryLength.map(({ from, to, users }) => [from, to, users])).toEqual([
      [1, 9, 3],
      [10, 49, 1],
    ]);
    expect(figures.coverage).toBe(1); // 12..3, 10..1, 12..3, 12 11 10 9 8 7 6 5 4 2
    const [low, high] = figures.hrAt10Interval;
    expect(low).toBeLessThan(0.75);
    expect(high).toBe(1);
  });

  it('shows no seen item and does not change the scores', () => {
    const judge = new Judge(popularity);
    const scores = rising();
    judge.add(scores, { target: 1, history: Int32Array.of(12, 11) });
    expect(scores).toEqual(rising());
    const { coverage, novelty } = judge.figures(1);
    expect(coverage).toBeCloseTo(10 / 12, 9);
    const bits = Array.from({ length: 10 }, (_, at) => -Math.log2((at + 1) / 78));
    expect(novelty).toBeCloseTo(bits.reduce((sum, bit) => sum + bit, 0) / 10, 9);
  });

  it('gives zeros for no case at all', () => {
    const figures = new Judge(popularity).figures(1);
    expect(figures).toMatchObject({ hrAt10: 0, mrrAt10: 0, coverage: 0, byHistoryLength: [] });
    expect(figures.ndcgAt10Interval).toEqual([0, 0]);
  });

  it('gives a model that scores everything alike nothing', () => {
    const judge = new Judge(popularity);
    judge.add(new Float64Array(13), { target: 3, history: Int32Array.of(1) });
    expect(judge.figures(1)).toMatchObject({ hrAt10: 0, mrrAt10: 0 }); // rank 10
  });
});
