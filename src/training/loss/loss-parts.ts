/** What the losses have in common: they make their gradients in the same pass, and their positions may weigh differently. */
import { tf, withGradient, type Tensor } from '../backend.js';

/** A loss and its gradients. */
// a type, not an interface: tf.tidy wants an index signature
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type LossParts = { loss: Tensor; du: Tensor; dTable: Tensor; dBias: Tensor };

/** u [P d], table E' [N d], bias [N-1], targets [P] rows of the table; weights [P], 1 on average, or null: all the same */
export interface LossInputs {
  readonly u: Tensor;
  readonly table: Tensor;
  readonly bias: Tensor;
  readonly targets: Tensor;
  readonly weights: Tensor | null;
}

/** Rows of a [P n] by what each position weighs. */
export function weighing(weights: Tensor | null): (rows: Tensor) => Tensor {
  if (weights === null) return (rows) => rows;
  const column = weights.reshape([-1, 1]);
  return (rows) => tf.mul(rows, column);
}

/** Puts a loss that brings its gradients on the tape. */
export function lossOf(inputs: LossInputs, compute: (inputs: LossInputs) => LossParts): Tensor {
  return withGradient([inputs.u, inputs.table, inputs.bias], () => {
    const { loss, du, dTable, dBias } = tf.tidy(() => compute(inputs));
    return {
      value: loss,
      keep: [du, dTable, dBias],
      gradient: (dy, gradients) => gradients.map((gradient) => tf.mul(gradient, dy)),
    };
  });
}

/** The fast form, and the safe one where that overflows. */
export function finiteOr(fast: () => LossParts, safe: () => LossParts): LossParts {
  const parts = tf.tidy(fast);
  if (Number.isFinite(parts.loss.dataSync()[0])) return parts;
  tf.dispose(parts);
  return tf.tidy(safe);
}

/** Splits [d E' | d b], and divides by the positions of the mean. */
export function finish(loss: Tensor, du: Tensor, sum: Tensor, P: number): LossParts {
  const [N = 0, columns = 0] = sum.shape;
  const all = tf.div(sum, P); //                                                  [N d+1]
  return {
    loss,
    du: tf.div(du, P),
    dTable: tf.slice(all, [0, 0], [N, columns - 1]),
    dBias: tf.slice(all, [1, columns - 1], [N - 1, 1]).reshape([N - 1]),
  };
}
