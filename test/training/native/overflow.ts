/** The loss and its gradients stay right where the fast form overflows: logits that beat the target's by hundreds. */
import assert from 'node:assert/strict';
import { tf } from '../../../src/training/backend.js';
import { crossEntropy } from '../../../src/training/loss/loss.js';
import { close } from './close.js';

const [P, N, d] = [7, 6, 3];
const numbers = (size: number, scale: number) =>
  Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + scale) * scale);
const targets = Int32Array.from({ length: P }, (_, at) => (at % (N - 1)) + 1);
const wanted = tf.tensor1d(targets);

const weights = Float32Array.from({ length: P }, (_, at) => 0.5 + at / (P - 1)); // 1 on average

for (const [scale, ofPositions] of [
  [1, null],
  [25, null],
  [1, weights],
  [25, weights],
] as const) {
  const [u, table, bias] = [numbers(P * d, scale), numbers(N * d, scale), numbers(N - 1, 1)];
  const expected = inDoubles(u, table, bias, ofPositions);
  assert.equal(expected.widest > 88, scale === 25, 'only the second case overflows');
  const { value, grads } = tf.valueAndGrads((u, table, bias) =>
    crossEntropy(u, table, bias, wanted, { weights: ofPositions === null ? null : tf.tensor1d(ofPositions), rows: 3 }),
  )([tf.tensor2d(u, [P, d]), tf.tensor2d(table, [N, d]), tf.tensor1d(bias)]);
  close(value.dataSync(), [expected.loss], 1e-5, 'loss');
  [expected.du, expected.dTable, expected.dBias].forEach((gradient, index) => {
    close(grads[index]?.dataSync() ?? [], gradient, 1e-5, ['d u', 'd table', 'd bias'][index] ?? '');
  });
}

function inDoubles(u: Float32Array, table: Float32Array, bias: Float32Array, weights: Float32Array | null) {
  const at = (matrix: Float32Array, row: number, column: number) => matrix[row * d + column] ?? 0;
  const [du, dTable, dBias] = [
    new Array<number>(P * d).fill(0),
    new Array<number>(N * d).fill(0),
    new Array<number>(N - 1).fill(0),
  ];
  let loss = 0;
  let widest = 0;
  for (let p = 0; p < P; p++) {
    const product = (n: number) => [0, 1, 2].reduce((sum, c) => sum + at(u, p, c) * at(table, n + 1, c), 0);
    const logits = Array.from({ length: N - 1 }, (_, n) => (bias[n] ?? 0) + product(n));
    const target = (targets[p] ?? 0) - 1;
    const most = Math.max(...logits);
    const Z = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    widest = Math.max(widest, most - (logits[target] ?? 0));
    const share = (weights?.[p] ?? 1) / P;
    loss += (most + Math.log(Z) - (logits[target] ?? 0)) * share;
    logits.forEach((logit, n) => {
      const g = (Math.exp(logit - most) / Z - (n === target ? 1 : 0)) * share;
      dBias[n] = (dBias[n] ?? 0) + g;
      for (let c = 0; c < d; c++) {
        du[p * d + c] = (du[p * d + c] ?? 0) + g * at(table, n + 1, c);
        dTable[(n + 1) * d + c] = (dTable[(n + 1) * d + c] ?? 0) + g * at(u, p, c);
      }
    });
  }
  return { loss, du, dTable, dBias, widest };
}
