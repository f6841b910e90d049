import { expect, it } from '@jest/globals';
import { stepGru } from './encoder.js';
import type { Block } from './encoder.js';
import { affineOf } from './matrix.js';
import type { Matrix } from './matrix.js';
import { residual } from './residual.js';
import type { Residual } from './residual.js';

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
const one = (value: number): Matrix => ({ rows: 1, width: 1, data: Float32Array.of(value) });

const settled: Residual = {
  norm1: { gain: Float32Array.of(1), bias: Float32Array.of(0.25) },
  up: affineOf(1, 4, Float32Array.of(1, -1, 2, 0), Float32Array.of(0, 0, 0, 8)),
  down: affineOf(4, 1, Float32Array.of(1, 1, 1, 1), Float32Array.of(0)),
  norm2: { gain: Float32Array.of(1), bias: Float32Array.of(-0.5) },
};
const block: Block = {
  gates: affineOf(2, 2, Float32Array.of(0.5, -1, 0.25, 2), Float32Array.of(0.1, -0.2)), // columns: reset, update
  candidate: affineOf(2, 1, Float32Array.of(0.7, -1.5), Float32Array.of(0.3)),
  residual: settled,
};

it('the GRU step multiplies the reset gate before the candidate and keeps the update gate of the old state', () => {
  const [x, h] = [0.8, -0.6];
  const r = sigmoid(0.5 * x + 0.25 * h + 0.1);
  const u = sigmoid(-1 * x + 2 * h - 0.2);
  const c = Math.tanh(0.7 * x - 1.5 * (r * h) + 0.3);
  const state = one(h);
  expect(stepGru(block, one(x), state).data[0]).toBeCloseTo(u * h + (1 - u) * c, 6);
  expect(state.data[0]).toBe(Math.fround(h));
});

it('the residual normalises twice: width one leaves the biases alone', () => {
  expect([...residual(settled, one(3), one(4)).data]).toEqual([-0.5]);
});

it('the residual puts the feed-forward between two norms', () => {
  const identity = Float32Array.of(1, 0, 0, 1);
  const weights: Residual = {
    norm1: { gain: Float32Array.of(1, 1), bias: Float32Array.of(0, 0) },
    up: affineOf(2, 2, identity, Float32Array.of(0, 0)),
    down: affineOf(2, 2, Float32Array.of(10, 0, 0, 10), Float32Array.of(0, 3)),
    norm2: { gain: Float32Array.of(2, 2), bias: Float32Array.of(0.5, 0.5) },
  };
  const x: Matrix = { rows: 1, width: 2, data: Float32Array.of(1, 2) };
  const y: Matrix = { rows: 1, width: 2, data: Float32Array.of(3, 0) };
  // x + y = (4, 2), normalised to (1, -1); FFN = (10 gelu(1), 10 gelu(-1) + 3); the sum (9.41, 0.41) normalises to (1, -1)
  const { data } = residual(weights, x, y);
  expect(data[0]).toBeCloseTo(2.5, 4);
  expect(data[1]).toBeCloseTo(-1.5, 4);
  expect([...x.data, ...y.data]).toEqual([1, 2, 3, 0]);
});
