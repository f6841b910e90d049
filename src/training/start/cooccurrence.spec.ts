import { describe, expect, it } from '@jest/globals';
import { initialParameters } from '../graph/parameters.js';
import { Random } from '../random.js';
import { cooccurrenceTable, positiveMutualInformation } from './cooccurrence.js';

describe('positive mutual information', () => {
  it('is that of neighbours in either order, by hand', () => {
    // 1 2 1 and 3 4: C[1 2] = C[2 1] = 2, C[1 1] = 2 * 1/2, C[3 4] = C[4 3] = 1; sums 3, 2, 1, 1, all 7
    const training = { offsets: Int32Array.of(0, 3, 5), rows: Int32Array.of(1, 2, 1, 3, 4) };
    const { width, offsets, columns, values } = positiveMutualInformation(training, 4);
    const information = (c: number, row: number, column: number) => Math.log((c * 7 ** 0.75) / (row * column ** 0.75));
    expect(width).toBe(5);
    expect([...offsets]).toEqual([0, 0, 1, 2, 3, 4]);
    expect([...columns]).toEqual([2, 1, 4, 3]);
    [information(2, 3, 2), information(2, 2, 3), information(1, 1, 1), information(1, 1, 1)].forEach((value, at) => {
      expect(values[at]).toBeCloseTo(value, 5);
    });
    expect(information(1, 3, 3)).toBeLessThan(0); // 1 beside 1
  });

  it('has nothing of pairs that are as often together as by chance', () => {
    const random = new Random(1);
    const rows = Int32Array.from({ length: 20_000 }, () => 1 + random.below(3));
    const { values } = positiveMutualInformation({ offsets: Int32Array.of(0, rows.length), rows }, 3);
    expect(values.length).toBe(0);
  });
});

describe('the table from co-occurrences', () => {
  /** Items 1 to 5 occur together, and 6 to 10, 11 to 15, 16 to 20; 21 alone. */
  const random = new Random(1);
  const training = {
    offsets: Int32Array.from([...Array.from({ length: 81 }, (_, user) => 10 * user), 801]),
    rows: Int32Array.from({ length: 801 }, (_, n) =>
      n === 800 ? 21 : 5 * (Math.floor(n / 10) % 4) + 1 + random.below(5),
    ),
  };
  const dimensions = {
    ...{ width: 4, slots: 1, blocks: 1, heads: 1, items: 21 },
    ...{ attributes: 0, kinds: 0, gaps: 0, outputLength: 0 },
  };
  const chance = initialParameters(dimensions, 1).get('item.embedding')?.data ?? new Float32Array();
  const table = cooccurrenceTable(training, dimensions, chance, 1);
  const vector = (row: number) => table.subarray(4 * row, 4 * row + 4);
  const dot = (one: number, other: number) =>
    vector(one).reduce((sum, value, at) => sum + value * (vector(other)[at] ?? 0), 0);
  const cosine = (one: number, other: number) => dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));

  it('has items that occur together near each other', () => {
    for (let item = 2; item <= 5; item++) {
      expect(cosine(1, item)).toBeGreaterThan(0.5);
      expect(Math.abs(cosine(1, item + 5))).toBeLessThan(0.1);
    }
  });

  it('is as large as a table by chance, and is that where an item occurs with no other', () => {
    const spread = Math.sqrt(table.reduce((sum, value) => sum + value * value, 0) / (4 * 21));
    expect(spread).toBeGreaterThan(0.018);
    expect(spread).toBeLessThan(0.022);
    expect([...vector(0)]).toEqual(Array(4).fill(0));
    expect([...vector(21)]).toEqual([...chance.subarray(4 * 21)]);
  });

  it('is the same for a seed', () => {
    expect(cooccurrenceTable(training, dimensions, chance, 1)).toEqual(table);
    expect(cooccurrenceTable(training, dimensions, chance, 2)).not.toEqual(table);
  });
});
