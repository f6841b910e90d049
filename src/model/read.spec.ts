import { describe, expect, it } from '@jest/globals';
import { affineOf } from './matrix.js';
import type { Matrix } from './matrix.js';
import { attend, read } from './read.js';
import type { ReadWeights } from './read.js';

/** width 4, so that the square root of it is 2; two slots */
const weights: ReadWeights = {
  query: affineOf(4, 4, Float32Array.of(2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2)),
  slotBias: Float32Array.of(0, 0),
  output: affineOf(4, 4, Float32Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)), // swaps the first two
};
const z: Matrix = { rows: 1, width: 4, data: Float32Array.of(1, 0, 0, 0) };
const slots = {
  keys: Float32Array.of(0, 5, 5, 5, Math.log(3), 0, 0, 0),
  values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
};

describe('a read', () => {
  it('attends by how well the keys fit the question, divided by the square root of the width', () => {
    const attention = attend(weights, z, slots); // fits 0 and 2 log 3 / 2
    expect(attention[0]).toBeCloseTo(0.25, 6);
    expect(attention[1]).toBeCloseTo(0.75, 6);
  });

  it('adds the bias of a slot to its fit', () => {
    const [first] = attend({ ...weights, slotBias: Float32Array.of(Math.log(3), 0) }, z, slots);
    expect(first).toBeCloseTo(0.5, 6);
  });

  it('mixes the values by the attention and sends them through the output weight', () => {
    const r = read(weights, Float32Array.of(0.25, 0.75), slots);
    expect([...r.data]).toEqual([5, 4, 6, 7]);
  });

  it('with two heads asks each by its half of the question, divided by the square root of a half, and fills its half of the sum', () => {
    const heads: ReadWeights = {
      query: affineOf(4, 4, Float32Array.of(2, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)), // asks 2 0 | 1 0
      slotBias: Float32Array.of(0, 0, 0, Math.log(2)),
      output: affineOf(4, 4, Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)),
    };
    const part = Math.SQRT2; // of width 2
    const memory = {
      keys: Float32Array.of(0, 9, (Math.log(3) * part) / 2, 9, 0, 9, Math.log(2) * part, 9), // head 0: slots 0, 1; head 1
      values: Float32Array.of(1, 2, 5, 6, 10, 20, 60, 70),
    };
    const attention = attend(heads, z, memory);
    [0.25, 0.75, 0.2, 0.8].forEach((share, place) => {
      expect(attention[place]).toBeCloseTo(share, 6);
    });
    [0.25 * 1 + 0.75 * 5, 0.25 * 2 + 0.75 * 6, 0.2 * 10 + 0.8 * 60, 0.2 * 20 + 0.8 * 70].forEach((number, at) => {
      expect(read(heads, attention, memory).data[at]).toBeCloseTo(number, 4);
    });
  });

  it('of an empty memory attends by the biases alone and reads nothing', () => {
    const empty = { keys: new Float32Array(8), values: new Float32Array(8) };
    const attention = attend(weights, z, empty);
    expect([...attention]).toEqual([0.5, 0.5]);
    expect([...read(weights, attention, empty).data]).toEqual([0, 0, 0, 0]);
  });
});
