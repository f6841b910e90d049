import { describe, expect, it } from '@jest/globals';
import { isEven, noRecency, recencyOf, recencyWeight } from './recency.js';

const times = Float64Array.of(5_000, 1_000, 3_000);
const recipe = { recencyDecay: 0.5, recencyFloor: 0.2, recencyHalfLife: 0 };

describe('what a target weighs by how long ago it was', () => {
  it('falls with the places behind it, down to a floor', () => {
    const recency = recencyOf(recipe, { times });
    expect([0, 1, 2, 3].map((places) => recencyWeight(recency, places, 1_000))).toEqual([1, 0.5, 0.25, 0.2]);
    expect(isEven(recency)).toBe(false);
  });

  it('is halved by each half-life, a share of the time that the log spans', () => {
    const recency = recencyOf({ ...recipe, recencyDecay: 1, recencyHalfLife: 0.25 }, { times });
    expect([5_000, 4_000, 3_000, 1_000].map((time) => recencyWeight(recency, 7, time))).toEqual([1, 0.5, 0.25, 1 / 16]);
    const both = recencyOf({ ...recipe, recencyHalfLife: 0.25 }, { times });
    expect(recencyWeight(both, 3, 4_000)).toBe(0.1);
  });

  it('is the same for all where nothing is set, or the log has no times', () => {
    const even = { ...recipe, recencyDecay: 1, recencyHalfLife: 0 };
    expect(isEven(recencyOf(even, { times }))).toBe(true);
    expect(isEven(recencyOf({ ...even, recencyHalfLife: 0.3 }, { times: new Float64Array(4) }))).toBe(true);
    expect(isEven(recencyOf({ ...even, recencyHalfLife: 0.3 }, { times: new Float64Array() }))).toBe(true);
    expect(recencyWeight(noRecency, 9, -1e15)).toBe(1);
  });
});
