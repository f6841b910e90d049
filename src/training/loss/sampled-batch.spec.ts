import { describe, expect, it } from '@jest/globals';
import { Proposal } from './proposal.js';
import { Random } from '../random.js';
import { attributesOfRows, sampledBatch } from './sampled-batch.js';

describe('sampledBatch', () => {
  const proposal = new Proposal(new Float32Array(1001).fill(1));
  const batch = {
    steps: 2,
    users: 2,
    rows: Int32Array.of(7, 900, 55, 0),
    kinds: new Int32Array(4),
    gaps: new Int32Array(4),
    positions: Int32Array.of(0, 1, 2),
    targets: Int32Array.of(55, 7, 1000),
    weights: null,
    pairs: null,
  };
  const { rows, negatives, logExpected, batch: named } = sampledBatch(batch, proposal, 100, new Random(3));

  it('names every row once: the unknown item, the negatives, then what the batch adds', () => {
    expect(rows[0]).toBe(0);
    expect(new Set(rows).size).toBe(rows.length);
    expect(negatives).toBeGreaterThan(60);
    expect([...rows.subarray(negatives + 1)].every((row) => [7, 900, 55, 1000].includes(row))).toBe(true);
  });

  it('lets the batch point at the same items as before', () => {
    expect(named.rows.map((place) => rows[place] ?? -1)).toEqual(batch.rows);
    expect(named.targets.map((place) => rows[place] ?? -1)).toEqual(batch.targets);
    expect(named.positions).toBe(batch.positions);
  });

  it('knows the expected count of each row but the first', () => {
    expect(logExpected).toHaveLength(rows.length - 1);
    // 100 draws of 1,000 items alike
    logExpected.forEach((value) => {
      expect(value).toBeCloseTo(Math.log(1 - Math.exp(-0.1)), 6);
    });
  });
});

describe('attributesOfRows', () => {
  it('keeps the attributes of the rows, in their order', () => {
    const attributes = { offsets: Int32Array.of(0, 0, 2, 2, 3), ids: Int32Array.of(4, 1, 6) };
    const kept = attributesOfRows(attributes, Int32Array.of(0, 3, 1));
    expect(kept).toEqual({ offsets: Int32Array.of(0, 0, 1, 3), ids: Int32Array.of(6, 4, 1) });
  });
});
