/** The sampled softmax beside the full one: the same with the whole catalogue drawn, and unbiased where it is to end up. */
import assert from 'node:assert/strict';
import { tf, type Tensor } from '../../../src/training/backend.js';
import { crossEntropy } from '../../../src/training/loss/loss.js';
import { Proposal } from '../../../src/training/loss/proposal.js';
import { Random } from '../../../src/training/random.js';
import { sampledBatch } from '../../../src/training/loss/sampled-batch.js';
import { sampledCrossEntropy } from '../../../src/training/loss/sampled-softmax.js';
import { close } from './close.js';

const random = new Random(3);
const normals = (size: number) => Float32Array.from({ length: size }, () => random.normal());

/** Gradients by the rows of the whole catalogue, [d u, d table, d bias], and the loss. */
function fullGradients(u: Tensor, table: Tensor, bias: Tensor, targets: Int32Array) {
  const wanted = tf.tensor1d(targets);
  const { value, grads } = tf.valueAndGrads((u, table, bias) => crossEntropy(u, table, bias, wanted))([u, table, bias]);
  return [...grads, value].map((tensor) => tensor.dataSync() as Float32Array);
}

function sampledGradients(
  [u, table, bias]: readonly [Tensor, Tensor, Tensor],
  targets: Int32Array,
  proposal: Proposal,
  draws: number,
) {
  const none = new Int32Array();
  const batch = {
    steps: 0,
    users: 0,
    rows: none,
    kinds: none,
    gaps: none,
    positions: none,
    targets,
    weights: null,
    pairs: null,
  };
  const sampled = sampledBatch(batch, proposal, draws, random);
  return tf.tidy(() => {
    const rows = tf.tensor1d(sampled.rows);
    const wanted = tf.tensor1d(sampled.batch.targets);
    const { negatives } = sampled;
    const sample = { negatives, logExpected: tf.tensor1d(sampled.logExpected) };
    const places = tf.sub(tf.slice(rows, 1), tf.scalar(1, 'int32'));
    const { value, grads } = tf.valueAndGrads((u, table, bias) => {
      const [someRows, someBias] = [tf.gather(table, rows.toInt()), tf.gather(bias, places.toInt())];
      return sampledCrossEntropy(u, someRows, someBias, wanted, sample);
    })([u, table, bias]);
    return { gradients: [...grads, value].map((tensor) => tensor.dataSync() as Float32Array), negatives };
  });
}

const [P, items, d] = [40, 60, 4];
const inputs = [
  tf.tensor2d(normals(P * d), [P, d]),
  tf.tensor2d(normals((items + 1) * d), [items + 1, d]),
  tf.tensor1d(normals(items)),
] as const;
const counts = Float32Array.from({ length: items + 1 }, (_, row) => (row === 0 ? 0 : 1 + Math.floor(400 / row)));
const targets = Int32Array.from({ length: P }, () => 1 + random.below(items));
const full = fullGradients(...inputs, targets);

// all items drawn under a uniform proposal: one correction for all, which a softmax does not see
{
  const uniform = new Proposal(counts, { power: 0, uniform: 0 });
  const { gradients, negatives } = sampledGradients(inputs, targets, uniform, 60 * items);
  assert.equal(negatives, items, 'every item is drawn');
  gradients.forEach((mine, index) => {
    close(mine, full[index] ?? [], 1e-5, ['d u', 'd table', 'd bias', 'loss'][index] ?? '');
  });
}

// more draws bring the gradient nearer to the full one
{
  const proposal = new Proposal(counts);
  const error = (draws: number) => {
    const [mine = new Float32Array()] = sampledGradients(inputs, targets, proposal, draws).gradients;
    const [theirs = new Float32Array()] = full;
    return Math.sqrt(squares(mine.map((value, at) => value - (theirs[at] ?? 0))) / squares(theirs));
  };
  const errors = [30, 120, 480, 1920].map((draws) => mean(Array.from({ length: 20 }, () => error(draws))));
  errors.slice(1).forEach((value, at) => {
    assert.ok(value < 0.8 * (errors[at] ?? 0), `relative errors of d u: ${errors.join(', ')}`);
  });
  // the rarest item is expected seven times in 1,920 draws: one sample in a thousand misses it
  assert.ok((errors.at(-1) ?? 1) < 0.01, `relative errors of d u: ${errors.join(', ')}`);
}

// where the model is right, the mean gradient over samples is zero, however few are drawn
{
  const kinds = 12;
  const share = Int32Array.from({ length: kinds }, (_, kind) => 1 + ((kind * 5) % kinds));
  const drawn = Int32Array.from([...share].flatMap((count, kind) => new Array<number>(count).fill(kind + 1)));
  const right = [
    tf.zeros([drawn.length, 2]),
    tf.zeros([kinds + 1, 2]),
    tf.tensor1d(Float32Array.from(share, (count) => Math.log(count))),
  ] as const;
  const uneven = new Proposal(Float32Array.from({ length: kinds + 1 }, (_, row) => row ** 2));
  const samples = Array.from({ length: 3000 }, () => [
    ...(sampledGradients(right, drawn, uneven, 6).gradients[2] ?? []),
  ]);
  for (let kind = 0; kind < kinds; kind++) {
    const values = samples.map((sample) => sample[kind] ?? Number.NaN);
    const average = mean(values);
    const standardError = Math.sqrt(mean(values.map((value) => (value - average) ** 2)) / values.length);
    assert.ok(Math.abs(average) < 4 * standardError, `d bias[${kind}] is ${average} on average, +- ${standardError}`);
  }
}

function squares(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
