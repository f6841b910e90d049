import { describe, expect, it } from '@jest/globals';
import { outputLayer, rank, scoreAll } from './rank.js';

const rowsOf = (...parameters: Parameters<typeof rank>) => rank(...parameters).map(({ row }) => row);

describe('scores', () => {
  it('are the products of the query with rows 1 and up of the table, and the biases', () => {
    const table = Float32Array.of(9, 9, 1, 2, 3, 4);
    const scores = scoreAll(outputLayer(table, 2, Float32Array.of(0.5, -1)), Float32Array.of(10, 1));
    expect([...scores]).toEqual([12.5, 33]);
  });
});

describe('a ranking', () => {
  const scores = Float32Array.of(3, 5, 1, 5, 4, 5);

  it('has the best first, and of equal scores the lower row', () => {
    expect(rank(scores, 4)).toEqual([
      { row: 2, score: 5 },
      { row: 4, score: 5 },
      { row: 6, score: 5 },
      { row: 5, score: 4 },
    ]);
  });

  it('of a smaller cutoff is the beginning of that of a larger one', () => {
    const all = rowsOf(scores, 6);
    expect(all).toEqual([2, 4, 6, 5, 1, 3]);
    for (let cutoff = 0; cutoff <= 6; cutoff++) expect(rowsOf(scores, cutoff)).toEqual(all.slice(0, cutoff));
  });

  it('leaves out what is no candidate and takes the next', () => {
    expect(rowsOf(scores, 3, (row) => row !== 4 && row !== 6)).toEqual([2, 5, 1]);
    expect(rowsOf(scores, 3, () => false)).toEqual([]);
  });

  it('is short where the catalogue is', () => {
    expect(rowsOf(scores, 100)).toHaveLength(6);
    expect(rowsOf(new Float32Array(0), 3)).toEqual([]);
  });

  it('holds infinite scores in their place and refuses one that is not a number', () => {
    expect(rowsOf(Float32Array.of(-Infinity, 0, Infinity), 3)).toEqual([3, 2, 1]);
    expect(() => rank(Float32Array.of(1, NaN), 1)).toThrow(/row 2 is not a number/);
  });

  it('equals sorting everything, of so many scores that a sample tells which to look at', () => {
    const scores = Float32Array.from({ length: 20_000 }, (_, at) => Math.floor(Math.sin(at * at) * 3_000) / 8);
    const sorted = (isCandidate: (row: number) => boolean) =>
      Array.from(scores, (score, at) => ({ row: at + 1, score }))
        .filter(({ row }) => isCandidate(row))
        .sort((a, b) => b.score - a.score || a.row - b.row);
    for (const isCandidate of [() => true, (row: number) => row % 11 === 0, (row: number) => row % 5_000 === 1]) {
      for (const cutoff of [1, 10, 100, 312, 313]) {
        expect(rank(scores, cutoff, isCandidate)).toEqual(sorted(isCandidate).slice(0, cutoff));
      }
    }
    scores[12_345] = NaN;
    expect(() => rank(scores, 10)).toThrow(/row 12346/);
    expect(rank(new Float32Array(20_000), 3).map(({ row }) => row)).toEqual([1, 2, 3]);
  });

  it('equals sorting everything, for many scores with many ties', () => {
    let state = 1;
    const next = () => (state = (state * 48_271) % 2_147_483_647);
    for (let round = 0; round < 50; round++) {
      const many = Float32Array.from({ length: 200 }, () => next() % 40);
      const isCandidate = (row: number) => row % (2 + (round % 3)) > 0;
      const sorted = [...many.keys()]
        .map((at) => at + 1)
        .filter(isCandidate)
        .sort((a, b) => (many[b - 1] ?? NaN) - (many[a - 1] ?? NaN) || a - b);
      expect(rowsOf(many, 1 + round * 3, isCandidate)).toEqual(sorted.slice(0, 1 + round * 3));
    }
  });
});
