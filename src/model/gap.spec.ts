import { describe, expect, it } from '@jest/globals';
import { gapBucket, gapEdges } from './gap.js';

const minute = 60_000;
const year = 365 * 24 * 60 * minute;

describe('the gap of an event', () => {
  it('has edges in a geometric row from a minute to a year', () => {
    const edges = gapEdges(4); // three edges, the middle one at sqrt(525,600) minutes
    expect([...edges]).toEqual([minute, Math.round(minute * Math.sqrt(525_600)), year]);
    expect(gapEdges(8)).toHaveLength(7);
    expect([...gapEdges(2)]).toEqual([minute]);
    expect([gapEdges(1), gapEdges(0)].map(({ length }) => length)).toEqual([0, 0]);
  });

  it('falls into the bucket whose lower edge it has reached', () => {
    const edges = gapEdges(4);
    const bucketOf = (gap: number) => gapBucket(edges, 1_000, 1_000 + gap);
    expect([0, minute - 1, minute, 12 * 60 * minute, 13 * 60 * minute, year - 1, year, 9 * year].map(bucketOf)).toEqual(
      [1, 1, 2, 2, 3, 3, 4, 4],
    );
    expect(gapBucket(gapEdges(1), 0, 9 * year)).toBe(1);
  });

  it('has a bucket of its own for the first event and for a time that is not known', () => {
    expect(gapBucket(gapEdges(4), null, 5)).toBe(0);
    expect(gapBucket(gapEdges(4), 5, null)).toBe(0);
    for (const time of [NaN, Infinity, -Infinity]) {
      expect(gapBucket(gapEdges(4), time, 5)).toBe(0);
      expect(gapBucket(gapEdges(4), 5, time)).toBe(0);
    }
  });

  it('is never below zero: times that run backwards count as the same moment', () => {
    expect(gapBucket(gapEdges(4), 2 * year, 0)).toBe(1);
  });
});
