/**
 * Softmax cross entropy against a sample of the catalogue, for catalogues whose full softmax costs too much.
 *
 *   s_j  = l_j - log pi_j          pi_j = expected count of item j in the sample S (each item at most once)
 *   loss = mean over positions of log sum over j in S and the target of exp(s_j - s_target)
 *
 * The correction is of the target's logit too (Bengio and Senecal, 2008; in recommendation Yi et al., 2019). An item is in S by
 * itself, whatever the others, so this is the exact likelihood of which item of S and the target is the target; it is least where
 * l is log p + constant, as that of the full softmax is, however small the sample. S is shared by the batch. A target that S
 * hits by accident counts once: its place in the sum is that of its draw.
 *
 * With column -s_target beside u it is the exponential form of the full loss over the rows of S, with the target beside them where S
 * has missed it. Where that overflows, the largest logit takes the place of the target's.
 */
import { gatherRows, multiply, sumByRow, tf, type Tensor } from '../backend.js';
import { exponentialForm } from './exponential-form.js';
import { smoothed } from './label-smoothing.js';
import { finiteOr, finish, lossOf, weighing, type LossInputs, type LossParts } from './loss-parts.js';
import { chunkRows, type LossSettings } from './loss.js';

/** Of a table whose rows 1 .. negatives are S, and further ones those that the batch names. */
export interface Sampled {
  readonly negatives: number;
  /** log pi of rows 1 .. R-1 */
  readonly logExpected: Tensor;
}

/** u [P d], table E' [R d], bias [R-1], targets [P] rows of the table -> the mean loss */
export function sampledCrossEntropy(
  u: Tensor,
  table: Tensor,
  bias: Tensor,
  targets: Tensor,
  sampled: Sampled,
  { smoothing = 0, weights = null, rows = chunkRows(sampled.negatives + 1) }: LossSettings = {},
): Tensor {
  return lossOf({ u, table, bias, targets, weights }, (inputs) => {
    const parts = finiteOr(
      () => against(inputs, sampled, rows, false),
      () => against(inputs, sampled, rows, true),
    );
    return smoothing === 0 ? parts : smoothed(parts, inputs, sharesOf(sampled), smoothing);
  });
}

function against(
  { u, table, bias, targets, weights }: LossInputs,
  sampled: Sampled,
  chunk: number,
  safe: boolean,
): LossParts {
  const weigh = weighing(weights);
  const { negatives: K, logExpected } = sampled;
  const [P, R, d] = [u.shape[0], table.shape[0], u.shape[1] ?? 0];
  const corrected = tf.sub(bias, logExpected);
  const withOnes = tf.concat([tf.slice(table, [1, 0], [K, d]), tf.ones([K, 1])], 1); // [K d+1]
  const columns = tf.concat([withOnes, tf.slice(corrected, [0], [K]).reshape([K, 1])], 1); // [K d+2]
  const uOne = weigh(tf.concat([u, tf.ones([P, 1])], 1)); //                      [P d+1]
  const targetOne = tf.concat([gatherRows(table, targets), tf.ones([P, 1])], 1); // [P d+1]
  const targetBias = gatherRows(corrected, tf.sub(targets, tf.scalar(1, 'int32')));
  const target = tf.add(tf.sum(tf.mul(u, tf.slice(targetOne, [0, 0], [P, d])), 1), targetBias).reshape([P, 1]); // s_target
  const shift = safe ? tf.maximum(target, largest(u, columns, chunk)) : target; // [P 1]
  const missed = tf.cast(tf.greater(targets, tf.scalar(K, 'int32')), 'float32').reshape([P, 1]);
  const alone = tf.mul(missed, tf.exp(tf.sub(target, shift))); //                 [P 1] the target's own term of Z
  const queries = tf.concat([u, tf.neg(shift), tf.ones([P, 1])], 1); //           [P d+2]
  const form = { queries, columns, withOnes, uOne, own: tf.mul(targetOne, alone) };
  const { numerator, sum } = exponentialForm(form, chunk);
  const Z = tf.slice(numerator, [0, d], [P, 1]);
  const du = weigh(tf.slice(tf.sub(tf.div(numerator, Z), targetOne), [0, 0], [P, d]));
  const ofTargets = sumByRow(tf.mul(uOne, tf.sub(tf.div(alone, Z), 1)), targets, R); // [R d+1]
  const ofNegatives = tf.concat([tf.zeros([1, d + 1]), sum, tf.zeros([R - 1 - K, d + 1])]);
  return finish(tf.mean(weigh(tf.add(tf.log(Z), tf.sub(shift, target)))), du, tf.add(ofTargets, ofNegatives), P);
}

/** The largest corrected logit of each position, [P 1]. */
function largest(u: Tensor, columns: Tensor, chunk: number): Tensor {
  const [P, d, K] = [u.shape[0], u.shape[1] ?? 0, columns.shape[0]];
  const table = tf.slice(columns, [0, 0], [K, d]);
  const biases = tf.slice(columns, [0, d + 1], [K, 1]).reshape([K]);
  const parts: Tensor[] = [];
  for (let from = 0; from < P; from += chunk) {
    const rows = tf.slice(u, [from, 0], [Math.min(chunk, P - from), d]);
    parts.push(tf.tidy(() => tf.max(tf.add(multiply(rows, table, { b: true }), biases), 1, true)));
  }
  return tf.concat(parts);
}

/** The mean of the label smoothing, over all items, is estimated from the sample: item j of S stands for 1 / pi_j items. */
function sharesOf({ negatives: K, logExpected }: Sampled): Tensor {
  const others = logExpected.shape[0];
  const weights = tf.exp(tf.neg(tf.slice(logExpected, [0], [K])));
  return tf.concat([tf.div(weights, tf.sum(weights)), tf.zeros([others - K])]);
}
