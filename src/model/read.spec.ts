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

  it('of an empty memory attends by the biases alone and reads nothing', () => {
    const empty = { keys: new Float32Array(8), values: new Float32Array(8) };
    const attention = attend(weights, z, empty);
    expect([...attention]).toEqual([0.5, 0.5]);
    expect([...read(weights, attention, empty).data]).toEqual([0, 0, 0, 0]);
  });
});
