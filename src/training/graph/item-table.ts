/**
 * The item table that input and output share, and what the output makes of it: E' = E + W A, W [N A] the weights of each item's attributes (see
 * `attributeWeight`), A their vectors. The row of the unknown item has no attributes and is zero.
 */
import { attributeWeight, leastSquare } from '../../model/embedding.js';
import { longs, operation, tf, withGradient, type Tensor } from '../backend.js';
import { weight, type Weights } from './layers.js';
import type { ItemAttributes } from '../log/sequences.js';

const sparseProduct = (transposed: boolean) =>
  operation('SparseTensorDenseMatMul', { T: 'float', Tindices: 'int', adjoint_a: transposed, adjoint_b: false });
const bagsTimes = sparseProduct(false);
const bagsTransposedTimes = sparseProduct(true);

/** W as TensorFlow's sparse matrix: pairs of item row and attribute, the weight of each, and the shape. */
export interface AttributeBags {
  readonly pairs: Tensor; //   [nnz 2]
  readonly values: Tensor; //  [nnz]
  readonly shape: Tensor; //   [2]
}

/** Kept until the process ends. */
export function attributeBags({ offsets, ids }: ItemAttributes, attributes: number): AttributeBags {
  const pairs = new Int32Array(2 * ids.length);
  const weights = new Float32Array(ids.length);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at++) {
      pairs[2 * at] = row;
      pairs[2 * at + 1] = ids[at] ?? 0;
      weights[at] = attributeWeight(offsets, row);
    }
  }
  return {
    pairs: tf.tensor2d(pairs, [ids.length, 2], 'int32'),
    values: tf.tensor1d(weights),
    shape: longs([offsets.length - 1, attributes]),
  };
}

/** E' [N d] */
export function itemTable(weights: Weights, bags: AttributeBags | null): Tensor {
  const items = weight(weights, 'item.embedding');
  if (bags === null) return items;
  const vectors = weight(weights, 'attribute.embedding'); //    [A d]
  const { pairs, values, shape } = bags;
  return withGradient([items, vectors], () => ({
    value: tf.add(items, bagsTimes(pairs, values, shape, vectors)),
    keep: [],
    gradient: (dy) => [dy.clone(), bagsTransposedTimes(pairs, values, shape, dy)],
  }));
}

/** O [N d] of E' [N d], see model/embedding; its gradient is L / |E'| (dy - o (o . dy)) with o = E' / |E'|. */
export function outputTable(table: Tensor, length: number): Tensor {
  if (length === 0) return table;
  return withGradient([table], () => {
    const sizes = tf.sqrt(tf.add(tf.sum(tf.square(table), 1, true), leastSquare)); // [N 1]
    const directions = tf.div(table, sizes); //                                      [N d]
    return {
      value: tf.mul(directions, length),
      keep: [directions, sizes],
      gradient: (dy) => {
        const along = tf.sum(tf.mul(directions, dy), 1, true); //                    [N 1]
        return [tf.mul(tf.sub(dy, tf.mul(directions, along)), tf.div(length, sizes))];
      },
    };
  });
}
