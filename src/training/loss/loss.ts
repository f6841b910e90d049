/**
 * Mean softmax cross entropy of the next item over the whole catalogue, with its gradients made in the same pass:
 *
 *   loss = mean over positions of log sum_j exp(l_j - l_target)      l = u E'^T + b
 *
 * In this form a softmax needs no pass for the maximum and no matrix of one-hot targets: with a column of -l_target
 * beside u and of ones beside E', one product gives l_j - l_target; its exponential times [E' 1] gives the numerator
 * of d u and the sum Z; its transpose times u / Z gives d E'. The target's own share is a gather and a sum by
 * segment.
 *
 * It overflows when a logit beats the target's by 88. Then the loss is not finite, and the batch is done again with
 * the safe operation.
 */
import { gatherRows, multiply, operations, sumByRow, tf, type Tensor } from '../backend.js';
import { exponentialForm } from './exponential-form.js';
import { smoothed } from './label-smoothing.js';
import { finiteOr, finish, lossOf, weighing, type LossInputs, type LossParts } from './loss-parts.js';

const safeCrossEntropy = operations('SparseSoftmaxCrossEntropyWithLogits', { T: 'float', Tlabels: 'int' }, 2);

/** Rows of a chunk: about 8 MB of logits, but never so few that the products get slow. */
export function chunkRows(items: number): number {
  return Math.max(128, Math.min(512, Math.floor(2 ** 21 / items)));
}

/** A constant bias that keeps the unknown item (row 0) out of every softmax. */
const never = -1e9;

export interface LossSettings {
  /** e of the label smoothing, 0 .. 1 */
  readonly smoothing?: number;
  /** [P] what each position weighs, 1 on average; null: all the same */
  readonly weights?: Tensor | null;
  /** rows of a chunk */
  readonly rows?: number;
}

/** u [P d], table E' [N d], bias [N-1], targets [P] rows of the table -> the mean loss */
export function crossEntropy(
  u: Tensor,
  table: Tensor,
  bias: Tensor,
  targets: Tensor,
  { smoothing = 0, weights = null, rows = chunkRows(table.shape[0]) }: LossSettings = {},
): Tensor {
  return lossOf({ u, table, bias, targets, weights }, (inputs) => {
    const parts = finiteOr(
      () => inExponentialForm(inputs, rows),
      () => inSafeForm(inputs, rows),
    );
    const items = table.shape[0] - 1;
    return smoothing === 0 ? parts : smoothed(parts, inputs, tf.fill([items], 1 / items), smoothing);
  });
}

function inExponentialForm({ u, table, bias, targets, weights }: LossInputs, chunk: number): LossParts {
  const { P, N, d } = sizes(u, table);
  const weigh = weighing(weights);
  const ones = tf.ones([N, 1]);
  const biases = tf.concat([tf.scalar(never).reshape([1]), bias]); //             [N]
  const columns = tf.concat([table, ones, biases.reshape([N, 1])], 1); //         [N d+2]
  const withOnes = tf.concat([table, ones], 1); //                                [N d+1]
  const targetVectors = gatherRows(table, targets); //                         [P d]
  const targetLogit = tf.add(tf.sum(tf.mul(u, targetVectors), 1), gatherRows(biases, targets));
  const uOne = weigh(tf.concat([u, tf.ones([P, 1])], 1)); //                      [P d+1]
  const queries = tf.concat([u, tf.neg(targetLogit).reshape([P, 1]), tf.ones([P, 1])], 1); // [P d+2]
  const { numerator, sum } = exponentialForm({ queries, columns, withOnes, uOne, own: null }, chunk);
  const Z = tf.slice(numerator, [0, d], [P, 1]);
  const du = weigh(tf.sub(tf.div(tf.slice(numerator, [0, 0], [P, d]), Z), targetVectors));
  return finish(tf.mean(weigh(tf.log(Z))), du, tf.sub(sum, sumByRow(uOne, targets, N)), P);
}

function inSafeForm({ u, table, bias, targets, weights }: LossInputs, chunk: number): LossParts {
  const { P, N, d } = sizes(u, table);
  const weigh = weighing(weights);
  const biases = tf.concat([tf.scalar(never).reshape([1]), bias]);
  const uOne = weigh(tf.concat([u, tf.ones([P, 1])], 1));
  const losses: Tensor[] = [];
  const gradients: Tensor[] = [];
  let sum: Tensor = tf.zeros([N, d + 1]);
  for (let from = 0; from < P; from += chunk) {
    const n = Math.min(chunk, P - from);
    const [loss, du, next] = tf.tidy((): [Tensor, Tensor, Tensor] => {
      const logits = tf.add(multiply(tf.slice(u, [from, 0], [n, d]), table, { b: true }), biases);
      const [loss, dLogits] = safeCrossEntropy(logits, tf.slice(targets, [from], [n]));
      if (loss === undefined || dLogits === undefined) throw new Error('unreachable: the operation has two outputs');
      const rows = tf.slice(uOne, [from, 0], [n, d + 1]);
      return [loss, multiply(dLogits, table), tf.add(sum, multiply(dLogits, rows, { a: true }))];
    });
    sum.dispose();
    sum = next;
    losses.push(loss);
    gradients.push(du);
  }
  const loss = tf.mean(weigh(tf.concat(losses).reshape([P, 1])));
  return finish(loss, weigh(tf.concat(gradients)), sum, P);
}

function sizes(u: Tensor, table: Tensor): { P: number; N: number; d: number } {
  return { P: u.shape[0], N: table.shape[0], d: u.shape[1] ?? 0 };
}
