import { describe, expect, it } from '@jest/globals';
import { parseOutcomes } from '../../model/outcome.js';
import { fill } from './batches.js';
import { noRecency } from './recency.js';
import { outcomesOf, pairsOf, targetWeights } from './outcomes.js';

const kinds = ['view', 'like', 'dislike'];
const rules = parseOutcomes('like=3,dislike=-2,view>=60=2,view<=1=0');
/** Weights of user 0: 1, 3, -2, 0, 2, -2, 1; of user 1: 3, 1. */
const users = {
  offsets: Int32Array.of(0, 7, 9),
  rows: Int32Array.of(11, 12, 13, 14, 15, 16, 17, 21, 22),
  kinds: Int32Array.of(0, 1, 2, 0, 0, 2, 0, 1, 0),
  values: Float32Array.of(NaN, NaN, NaN, 0.5, 90, NaN, 10, NaN, NaN),
  times: new Float64Array(9),
};
const windows = [
  { user: 1, begin: 0, end: 2 },
  { user: 0, begin: 0, end: 7 },
];

describe('outcomesOf', () => {
  it('is nothing without rules', () => {
    expect(outcomesOf(users, kinds, [], 1)).toBeNull();
  });

  it('weighs every interaction, and scales what is above 0 to 1 on average over the targets', () => {
    const outcomes = outcomesOf(users, kinds, rules, 1);
    expect([...(outcomes?.weights ?? [])]).toEqual([1, 3, -2, 0, 2, -2, 1, 3, 1]);
    expect(outcomes?.scale).toBeCloseTo(7 / (3 + 2 + 1 + 1), 12); // the first of a user is no target
  });
});

describe('a batch with outcomes', () => {
  const outcomes = outcomesOf(users, kinds, rules, 1);
  if (outcomes === null) throw new Error('unreachable: there are rules');

  it('weighs its targets, and leaves out those that are worth nothing or less', () => {
    expect([...targetWeights(outcomes, users, windows)]).toEqual([1, 3, 0, 0, 2, 0, 1]);
  });

  it('pairs each target with a later one of the other polarity in its window, weighed by both', () => {
    const seen = new Map<number, Set<string>>();
    for (let draw = 0; draw < 50; draw++) {
      const { positions, wanted, unwanted, weights } = pairsOf(outcomes, users, windows) ?? {};
      positions?.forEach((position, at) => {
        const pair = `${wanted?.[at]} > ${unwanted?.[at]}, ${weights?.[at]}`;
        seen.set(position, (seen.get(position) ?? new Set()).add(pair));
      });
    }
    // position 0 is of user 1, who has no dislike; the last view of user 0 has none after it
    expect(seen).toEqual(
      new Map([
        [5, new Set(['17 > 16, 2'])],
        [4, new Set(['15 > 16, 4'])],
        [2, new Set(['15 > 13, 4', '17 > 13, 2'])],
        [1, new Set(['12 > 13, 6', '12 > 16, 6'])],
      ]),
    );
  });

  it('looks no further than the window', () => {
    expect(pairsOf(outcomes, users, [{ user: 0, begin: 1, end: 4 }])).toBeNull();
    expect(pairsOf(outcomes, users, [{ user: 0, begin: 2, end: 6 }])).toMatchObject({ positions: Int32Array.of(1) });
  });

  it('multiplies weights of outcome and recency, and has neither without rules', () => {
    const none = { kinds: 0, gaps: 0 };
    const recency = { ...noRecency, decay: 0.5, floor: 0.25 };
    const one = windows.slice(0, 1);
    expect(fill(users, one, none, recency, outcomes).weights).toEqual(Float32Array.of(1));
    const { weights } = fill(users, windows, none, recency, outcomes);
    const recent = [1, 0.25, 0.25, 0.25, 0.25, 0.5, 1]; //      a mean of .5
    expect([...(weights ?? [])]).toEqual([1, 3, 0, 0, 2, 0, 1].map((weight, at) => weight * 2 * (recent[at] ?? 0)));
    expect(fill(users, windows)).toMatchObject({ weights: null, pairs: null });
  });
});
