/**
 * Label smoothing (Szegedy et al., 2016): a share e of the target's weight is spread over all items,
 *
 *   loss = (1 - e) CE + e mean_j (-log softmax_j) = CE + e (l_target - mean_j l_j)
 *
 * In the second form the sums over the softmax are CE's own, and what is added is linear in the logits: the mean over
 * the items is one vector, the mean row of the table. The mean is over the real items; the unknown item is outside.
 */
import { gatherRows, multiply, sumByRow, tf, type Tensor } from '../backend.js';
import { weighing, type LossInputs, type LossParts } from './loss-parts.js';

/** The parts with e (l_target - sum_j share_j l_j) added; `shares` [N-1] are of the items 1 .. N-1 and have the sum 1. */
export function smoothed(
  { loss, du, dTable, dBias }: LossParts,
  { u, table, bias, targets, weights }: LossInputs,
  shares: Tensor,
  e: number,
): LossParts {
  const [P, N, d] = [u.shape[0], table.shape[0], u.shape[1] ?? 0];
  const row = tf.concat([tf.zeros([1]), shares]).reshape([1, N]);
  const away = tf.sub(gatherRows(table, targets), multiply(row, table)); //       [P d] E'_target - mean
  const biases = tf.concat([tf.zeros([1]), bias]);
  const biasAway = tf.sub(gatherRows(biases, targets), tf.sum(tf.mul(shares, bias))); // [P]
  const weigh = weighing(weights);
  const uOne = weigh(tf.concat([u, tf.ones([P, 1])], 1));
  const spread = multiply(row, tf.sum(uOne, 0, true), { a: true }); //            [N d+1]
  const extra = tf.mul(tf.sub(sumByRow(uOne, targets, N), spread), e / P);
  return {
    loss: tf.add(loss, tf.mul(tf.mean(weigh(tf.add(tf.sum(tf.mul(u, away), 1), biasAway).reshape([P, 1]))), e)),
    du: tf.add(du, tf.mul(weigh(away), e / P)),
    dTable: tf.add(dTable, tf.slice(extra, [0, 0], [N, d])),
    dBias: tf.add(dBias, tf.slice(extra, [1, d], [N - 1, 1]).reshape([N - 1])),
  };
}
