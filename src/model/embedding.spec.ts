import { describe, expect, it } from '@jest/globals';
import { embed, foldAttributes, outputVectors } from './embedding.js';

const table = Float32Array.of(0, 0, 1, 3, 5, 5);

describe('embedding', () => {
  it('adds to each item its attributes, each by one over the root of their number, and leaves the table as it is', () => {
    const folded = foldAttributes(table, 2, {
      vectors: Float32Array.of(1, 0, 0, 100),
      offsets: Int32Array.of(0, 0, 1, 5),
      ids: Int32Array.of(1, 0, 1, 1, 1),
    });
    expect([...folded]).toEqual([0, 0, 1, 103, 5.5, 155]);
    expect([...table]).toEqual([0, 0, 1, 3, 5, 5]);
  });

  it('scales the vectors of the output to one length where that is wanted, and leaves the table as it is', () => {
    const scaled = outputVectors(Float32Array.of(0, 0, 3, 4, 0, -5e-3), 2, 2);
    [0, 0, 1.2, 1.6, 0, -2].forEach((value, at) => {
      expect(scaled[at]).toBeCloseTo(value, 6);
    });
    expect(outputVectors(table, 2, 2)).not.toBe(table);
    expect(outputVectors(table, 2, 0)).toBe(table);
    expect([...table]).toEqual([0, 0, 1, 3, 5, 5]);
  });

  it('looks up one row a user and normalises it; the unknown item is the bias', () => {
    const norm = { gain: Float32Array.of(1, 1), bias: Float32Array.of(0.5, 0.25) };
    const { data, rows } = embed(table, Int32Array.of(1, 0), norm);
    expect(rows).toBe(2);
    [-0.5, 1.25, 0.5, 0.25].forEach((value, at) => {
      expect(data[at]).toBeCloseTo(value, 4);
    });
    expect([...table]).toEqual([0, 0, 1, 3, 5, 5]);
  });

  it('adds the vectors of kind and gap before it normalises', () => {
    const norm = { gain: Float32Array.of(1, 1), bias: Float32Array.of(0, 0) };
    const kinds = { vectors: Float32Array.of(0, 0, 4, 0), indices: Int32Array.of(1, 0) };
    const gaps = { vectors: Float32Array.of(0, 1, 0, 5), indices: Int32Array.of(0, 1) };
    const { data } = embed(table, Int32Array.of(1, 1), norm, [kinds, gaps]); // 1 + 4, 3 + 1 and 1, 3 + 5
    [1, -1, -1, 1].forEach((value, at) => {
      expect(data[at]).toBeCloseTo(value, 4);
    });
    const beyond = { ...gaps, indices: Int32Array.of(2, 0) };
    expect(() => embed(table, Int32Array.of(1, 1), norm, [beyond])).toThrow(/2 is outside/);
  });

  it.each([-1, 3])('refuses the row %i', (row) => {
    const norm = { gain: Float32Array.of(1, 1), bias: Float32Array.of(0, 0) };
    expect(() => embed(table, Int32Array.of(row), norm)).toThrow(RangeError);
  });
});
