/** The pairwise loss as its definition gives it in doubles, its gradients as finite differences of that, also far from the middle. */
import assert from 'node:assert/strict';
import { tf, type Tensor } from '../../../src/training/backend.js';
import { pairwiseLoss } from '../../../src/training/loss/pairwise.js';
import { close } from './close.js';

const [P, N, d] = [5, 6, 3];
const pairs = {
  positions: Int32Array.of(0, 3, 3, 4),
  wanted: Int32Array.of(1, 5, 2, 2),
  unwanted: Int32Array.of(2, 1, 4, 3),
  weights: Float32Array.of(1, 2, 0.5, 6),
};
type Inputs = readonly [u: Float64Array, table: Float64Array, bias: Float64Array];

function lossOf([u, table, bias]: Inputs): number {
  const score = (p: number, row: number) =>
    [0, 1, 2].reduce((sum, c) => sum + (u[p * d + c] ?? 0) * (table[row * d + c] ?? 0), bias[row - 1] ?? 0);
  const losses = [...pairs.positions].map((p, at) => {
    const margin = score(p, pairs.wanted[at] ?? 0) - score(p, pairs.unwanted[at] ?? 0);
    return (pairs.weights[at] ?? 0) * (Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin))));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / P;
}

function differences(inputs: Inputs, which: 0 | 1 | 2): number[] {
  return Array.from(inputs[which], (_, at) => {
    const moved = (change: number) => {
      const numbers = inputs[which].slice();
      numbers[at] = (numbers[at] ?? 0) + change;
      return lossOf(inputs.with(which, numbers) as unknown as Inputs);
    };
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
}

for (const scale of [1, 10]) {
  const numbers = (size: number, phase: number) =>
    Float32Array.from({ length: size }, (_, at) => scale * Math.sin(at * 1.7 + phase));
  const [u, table, bias] = [numbers(P * d, 1), numbers(N * d, 2), numbers(N - 1, 3)];
  const inputs = [Float64Array.from(u), Float64Array.from(table), Float64Array.from(bias)] as const;
  const pairwise = pairwiseLoss(pairs);
  const { value, grads } = tf.valueAndGrads((...[u, table, bias]) =>
    pairwise(u as Tensor, table as Tensor, bias as Tensor),
  )([tf.tensor2d(u, [P, d]), tf.tensor2d(table, [N, d]), tf.tensor1d(bias)]);
  close(value.dataSync(), [lossOf(inputs)], 1e-5, `the loss at scale ${scale}`);
  for (const which of [0, 1, 2] as const) {
    const largest = differences(inputs, which).some((number) => Math.abs(number) > 0.01);
    assert.ok(largest, 'the comparison is of gradients that are not all zero');
    close(grads[which]?.dataSync() ?? [], differences(inputs, which), 1e-4, `gradient ${which} at scale ${scale}`);
  }
}
