/**
 * Label smoothing and sampled softmax: values as their definitions give them in doubles, gradients as finite differences of these, in
 * the fast form and where it overflows.
 */
import assert from 'node:assert/strict';
import { tf, type Tensor } from '../../../src/training/backend.js';
import { crossEntropy, type LossSettings } from '../../../src/training/loss/loss.js';
import { sampledCrossEntropy } from '../../../src/training/loss/sampled-softmax.js';
import { close } from './close.js';

const [P, N, d] = [7, 6, 3];
/** rows 1 .. 3 are the sample; targets are rows 1 .. 5, so that some are hit by accident and some are not */
const negatives = 3;
const expectedCounts = [0.9, 0.2, 0.5, 0.05, 0.7];
const targets = Array.from({ length: P }, (_, at) => (at % (N - 1)) + 1);
const numbers = (size: number, scale: number) =>
  Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + scale) * scale);

interface Inputs {
  readonly u: Float64Array;
  readonly table: Float64Array;
  readonly bias: Float64Array;
}
/** of each position */
type Loss = (inputs: Inputs, smoothing: number) => number[];

const even = new Float32Array(P).fill(1);
const uneven = Float32Array.from({ length: P }, (_, at) => 0.5 + at / (P - 1)); // 1 on average
const weighted = (losses: readonly number[], weights: Float32Array) =>
  mean(losses.map((loss, p) => loss * (weights[p] ?? Number.NaN)));

function logitsOf({ u, table, bias }: Inputs, p: number): number[] {
  return Array.from({ length: N - 1 }, (_, n) =>
    [0, 1, 2].reduce((sum, c) => sum + (u[p * d + c] ?? 0) * (table[(n + 1) * d + c] ?? 0), bias[n] ?? 0),
  );
}

function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** (1 - e) CE + e mean_j (-log softmax_j) */
const full: Loss = (inputs, e) =>
  targets.map((target, p) => {
    const logits = logitsOf(inputs, p);
    const minusLog = logits.map((logit) => logSum(logits) - logit);
    return (1 - e) * (minusLog[target - 1] ?? 0) + e * mean(minusLog);
  });

/** The cross entropy over the sample and the target, corrected; the mean of the smoothing weighs item j by 1 / pi_j. */
const sampled: Loss = (inputs, e) =>
  targets.map((target, p) => {
    const logits = logitsOf(inputs, p);
    const corrected = logits.map((logit, n) => logit - Math.log(expectedCounts[n] ?? 0));
    const candidates = [...new Set([1, 2, 3, target])];
    const entropy = logSum(candidates.map((row) => corrected[row - 1] ?? 0)) - (corrected[target - 1] ?? 0);
    const shares = [1, 2, 3].map((row) => 1 / (expectedCounts[row - 1] ?? 0));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const average = shares.reduce((sum, share, n) => sum + (share / total) * (logits[n] ?? 0), 0);
    return entropy + e * ((logits[target - 1] ?? 0) - average);
  });

function differences(loss: (inputs: Inputs) => number, inputs: Inputs, which: keyof Inputs): number[] {
  const step = 1e-5;
  return Array.from(inputs[which], (_, at) => {
    const at1 = (change: number) => {
      const moved = inputs[which].slice();
      moved[at] = (moved[at] ?? 0) + change;
      return loss({ ...inputs, [which]: moved });
    };
    return (at1(step) - at1(-step)) / (2 * step);
  });
}

const wanted = tf.tensor1d(Int32Array.from(targets));
const sample = { negatives, logExpected: tf.tensor1d(expectedCounts.map(Math.log)) };
const forms = [
  { name: 'full', inDoubles: full, native: crossEntropy },
  {
    name: 'sampled',
    inDoubles: sampled,
    native: (u: Tensor, table: Tensor, bias: Tensor, targets: Tensor, settings: LossSettings) =>
      sampledCrossEntropy(u, table, bias, targets, sample, settings),
  },
];

for (const { name, inDoubles, native } of forms) {
  for (const [smoothing, weights] of [
    [0, even],
    [0.2, even],
    [0, uneven],
    [0.2, uneven],
  ] as const) {
    for (const scale of [1, 25]) {
      const [u, table, bias] = [numbers(P * d, scale), numbers(N * d, scale), numbers(N - 1, 1)];
      const inputs = { u: Float64Array.from(u), table: Float64Array.from(table), bias: Float64Array.from(bias) };
      const loss = (given: Inputs) => weighted(inDoubles(given, smoothing), weights);
      const settings = { smoothing, weights: weights === even ? null : tf.tensor1d(weights), rows: 3 };
      const { value, grads } = tf.valueAndGrads((u, table, bias) => native(u, table, bias, wanted, settings))([
        tf.tensor2d(u, [P, d]),
        tf.tensor2d(table, [N, d]),
        tf.tensor1d(bias),
      ]);
      const what = `${name}, smoothing ${smoothing}, scale ${scale}, ${weights === even ? 'even' : 'uneven'}:`;
      close(value.dataSync(), [loss(inputs)], 1e-5, `${what} loss`);
      (['u', 'table', 'bias'] as const).forEach((which, index) => {
        close(grads[index]?.dataSync() ?? [], differences(loss, inputs, which), 2e-5, `${what} d ${which}`);
      });
      const unknown = grads[1]?.dataSync().slice(0, d) ?? [];
      assert.ok(
        [...unknown].every((number) => number === 0),
        `${what} the unknown item has no gradient`,
      );
    }
  }
}
