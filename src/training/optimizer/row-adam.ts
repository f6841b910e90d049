/**
 * Adam for some rows of a parameter, as PyTorch's SparseAdam: rows that a step does not touch keep their values and what Adam
 * remembers of them. The same equations as the dense one's; the correction of the start counts all steps. TensorFlow has no such
 * operation: the rows are gathered, changed and scattered back.
 */
import { operation, operations, tf, type Tensor } from '../backend.js';

const gatherVariable = operation('ResourceGather', {
  dtype: 'float',
  Tindices: 'int',
  batch_dims: 0,
  validate_indices: true,
});
const update = operations('ResourceScatterUpdate', { dtype: 'float', Tindices: 'int' }, 0);
const add = operations('ResourceScatterAdd', { dtype: 'float', Tindices: 'int' }, 0);

/** By parameter: the rows that a step touches, each once. Parameters that are not named are read and changed whole. */
export type TouchedRows = ReadonlyMap<string, Tensor>;

export const allRows: TouchedRows = new Map();

/** Handles of a parameter and of Adam's two means. */
export interface AdamVariables {
  readonly value: Tensor;
  readonly mean: Tensor;
  readonly square: Tensor;
}

export interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** beta1 and beta2 to the power of the step's number */
  readonly power1: number;
  readonly power2: number;
}

export function readRows(handle: Tensor, rows: Tensor): Tensor {
  return gatherVariable(handle, rows);
}

export function applyToRows(variables: AdamVariables, rows: Tensor, gradient: Tensor, step: AdamStep): void {
  const { learningRate, beta1, beta2, epsilon, power1, power2 } = step;
  const mean = tf.add(tf.mul(readRows(variables.mean, rows), beta1), tf.mul(gradient, 1 - beta1));
  const square = tf.add(tf.mul(readRows(variables.square, rows), beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const root = tf.add(tf.sqrt(tf.div(square, 1 - power2)), epsilon);
  update(variables.mean, rows, mean);
  update(variables.square, rows, square);
  add(variables.value, rows, tf.mul(tf.div(mean, root), -learningRate / (1 - power1)));
}
