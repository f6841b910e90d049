import { describe, expect, it } from '@jest/globals';
import { popularity } from './baselines.js';
import { judge, type Judgement } from './judgement.js';
import type { Case } from '../log/split.js';
import { grouped, systemFigures } from './system-figures.js';

/** Rows 1, 2, 3 with 6, 3 and 1 training interactions. */
const training = { offsets: Int32Array.of(0, 10), rows: Int32Array.of(1, 1, 1, 1, 1, 1, 2, 2, 2, 3) };
const frequencies = Float32Array.of(0, 6, 3, 1);
const caseOf = (user: number, history: number[], target: number): Case => {
  const items = Int32Array.from(history);
  return { user, history: items, excluded: items, target };
};
const cases = [caseOf(0, [3], 1), caseOf(1, [1], 3), caseOf(2, Array<number>(10).fill(2), 0)];

describe('the figures of a system', () => {
  const judgement = judge(popularity(training, 3), cases, 3); // ranks 0, 1 and never
  const figures = systemFigures({ popularity: judgement }, cases, frequencies, 1).popularity;

  it('are those of the definitions, each within its interval', () => {
    expect(figures.hrAt10.value).toBeCloseTo(2 / 3, 12);
    expect(figures.ndcgAt10.value).toBeCloseTo((1 + 1 / Math.log2(3)) / 3, 12);
    expect(figures.mrrAt10.value).toBeCloseTo(1.5 / 3, 12);
    expect(figures.mrrAt20).toEqual(figures.mrrAt10);
    expect(figures.recallAt20).toEqual(figures.hrAt10);
    expect([figures.hrAt10.low, figures.hrAt10.high]).toEqual([0, 1]);
  });

  it('tell what is shown of the catalogue: the lists are 1 2, then 2 3, then 1 3', () => {
    expect([...judgement.shown]).toEqual([0, 2, 2, 2]);
    expect(figures.coverageAt10).toBe(1);
    expect(figures.giniAt10).toBe(0);
    expect(figures.noveltyAt10).toBeCloseTo(-(Math.log2(0.6) + Math.log2(0.3) + Math.log2(0.1)) / 3, 12);
  });

  it('are split by how often the target occurs in the training and by the length of the history', () => {
    const ndcgAt10 = 1 / Math.log2(3);
    expect(figures.byTargetFrequency).toEqual([
      { from: 0, to: 0, cases: 1, hrAt10: 0, ndcgAt10: 0 },
      { from: 1, to: 4, cases: 1, hrAt10: 1, ndcgAt10 },
      { from: 5, to: 19, cases: 1, hrAt10: 1, ndcgAt10: 1 },
      { from: 20, to: 99, cases: 0, hrAt10: 0, ndcgAt10: 0 },
      { from: 100, to: null, cases: 0, hrAt10: 0, ndcgAt10: 0 },
    ]);
    expect(figures.byHistoryLength.map(({ from, to, cases: count }) => [from, to, count])).toEqual([
      [1, 9, 2],
      [10, 49, 1],
      [50, 199, 0],
      [200, null, 0],
    ]);
  });

  it('are zero and finite without cases', () => {
    const none: Judgement = judge(popularity(training, 3), [], 3);
    const empty = systemFigures({ none }, [], frequencies, 1).none;
    expect(empty).toMatchObject({
      hrAt10: { value: 0, low: 0, high: 0 },
      coverageAt10: 0,
      giniAt10: 0,
      noveltyAt10: 0,
      overlapAt10: 0,
    });
  });
});

describe('seen items', () => {
  it('stay in the ranking and in the lists where they are kept', () => {
    const again: Case = { user: 0, history: Int32Array.of(1), excluded: new Int32Array(), target: 2 };
    const judgement = judge(popularity(training, 3), [again], 3);
    expect([...judgement.ranks]).toEqual([1]); //               behind row 1, which the user has seen
    expect([...judgement.shown]).toEqual([0, 1, 1, 1]);
  });
});

describe('groups', () => {
  it('begin at their edge and end before the next', () => {
    const counts = grouped(Float64Array.of(0, 0, 0, 0), [4, 5, 19, 20], [0, 5, 20]).map(({ cases: count }) => count);
    expect(counts).toEqual([1, 2, 1]);
  });
});
