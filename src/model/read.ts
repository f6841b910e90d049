/**
 * The read: the encoded state asks, the slots answer by how well their keys fit.
 *
 *   a = softmax_s(K[s] . (z W_q) / sqrt d + p[s])     attention over the slots; p is a learned bias of a slot
 *   r = (sum_s a[s] V[s]) W_o
 *
 * Both are computed when a query asks; a write never needs them.
 */
import { affine, softmax, zeros } from './matrix.js';
import type { Affine, Matrix } from './matrix.js';
import type { Slots } from './slots.js';

export interface ReadWeights {
  readonly query: Affine;
  /** p [S] */
  readonly slotBias: Float32Array;
  readonly output: Affine;
}

/** a [S] of one user, whose state is z [1 d] */
export function attend({ query, slotBias }: ReadWeights, z: Matrix, { keys }: Slots): Float32Array {
  const asked = affine(z, query).data; //               [1 d]
  return softmax(
    slotBias.map((bias, slot) => {
      let fit = 0;
      asked.forEach((value, at) => (fit += value * (keys[slot * asked.length + at] as number)));
      return fit / Math.sqrt(asked.length) + bias;
    }),
  );
}

/** r [1 d] of one user */
export function read({ output }: ReadWeights, attention: Float32Array, { values }: Slots): Matrix {
  const mixed = zeros(1, output.inputs); //             [1 d]
  for (let at = 0; at < mixed.width; at++) {
    let sum = 0;
    attention.forEach((share, slot) => (sum += share * (values[slot * mixed.width + at] as number)));
    mixed.data[at] = sum;
  }
  return affine(mixed, output);
}
