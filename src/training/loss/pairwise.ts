/**
 * What pushes the unwanted away: of two items that a user has met later, the wanted one should have the higher score (Rendle et al.,
 * 2009),
 *
 *   loss = 1/P sum over pairs of w softplus(-(s(wanted) - s(unwanted)))       s(j) = u . E'[j] + b[j]
 *
 * The gradient is at most w a pair, however sure the model is. The likelihood of not being the target, -log(1 - p), would hardly push:
 * its gradient is p, some thousandths among thousands of items.
 */
import { tf, type Tensor } from '../backend.js';
import { rowsOf } from '../graph/layers.js';
import type { Pairs } from '../log/outcomes.js';

/** u [P d], table E' [N d], bias [N-1] -> the loss */
export type PairwiseLoss = (u: Tensor, table: Tensor, bias: Tensor) => Tensor;

/** Of pairs of rows 1 .. N-1. Call it outside of the tape's scope, for the gradients read what is made here; the caller opens a tidy one. */
export function pairwiseLoss({ positions, wanted, unwanted, weights }: Pairs): PairwiseLoss {
  const places = tf.tensor1d(positions);
  const items = [wanted, unwanted].map((rows) => ({
    rows: tf.tensor1d(rows),
    biases: tf.tensor1d(rows.map((row) => row - 1)),
  }));
  const weigh = tf.tensor1d(weights);
  return (u, table, bias) => {
    const queries = rowsOf(u, places); //                       [Q d]
    const column = tf.reshape(bias, [-1, 1]); //                [N-1 1]
    const [above, below] = items.map(({ rows, biases }) => {
      const own = tf.sum(tf.mul(queries, rowsOf(table, rows)), 1);
      return tf.add(own, tf.reshape(rowsOf(column, biases), [-1])); // [Q]
    }) as [Tensor, Tensor];
    return tf.div(tf.sum(tf.mul(tf.softplus(tf.sub(below, above)), weigh)), u.shape[0]);
  };
}
