/**
 * The read: the encoded state asks, the slots answer by how well their keys fit.
 *
 *   a = softmax_s(K[s] . (z W_q) / sqrt(d/H) + p[s])     attention over the slots, one for each of H heads; p is a learned bias of a slot
 *   r = (sum_s a[s] V[s]) W_o                            each head fills its d/H numbers of the sum
 *
 * Both are computed when a query asks; a write never needs them.
 */
import { affine, softmax, zeros } from './matrix.js';
import type { Affine, Matrix } from './matrix.js';
import type { Slots } from './slots.js';

export interface ReadWeights {
  readonly query: Affine;
  /** p [H S], head by head */
  readonly slotBias: Float32Array;
  readonly output: Affine;
}

/** a [H S] of one user, whose state is z [1 d]; each head's part adds up to one */
export function attend({ query, slotBias }: ReadWeights, z: Matrix, { keys }: Slots): Float32Array {
  const asked = affine(z, query).data; //                  [1 d]
  const part = keys.length / slotBias.length; //           d / H
  const slots = keys.length / asked.length; //             S
  const attention = slotBias.map((bias, place) => {
    const from = Math.floor(place / slots) * part;
    let fit = 0;
    for (let at = 0; at < part; at++) fit += (asked[from + at] as number) * (keys[place * part + at] as number);
    return fit / Math.sqrt(part) + bias;
  });
  for (let from = 0; from < attention.length; from += slots) softmax(attention.subarray(from, from + slots));
  return attention;
}

/** r [1 d] of one user */
export function read({ output }: ReadWeights, attention: Float32Array, { values }: Slots): Matrix {
  const mixed = zeros(1, output.inputs); //                [1 d]
  const part = values.length / attention.length; //        d / H
  const slots = values.length / mixed.width; //            S
  for (let at = 0; at < mixed.width; at++) {
    const first = Math.floor(at / part) * slots; //        the head's first slot
    let sum = 0;
    for (let place = first; place < first + slots; place++) {
      sum += (attention[place] as number) * (values[place * part + (at % part)] as number);
    }
    mixed.data[at] = sum;
  }
  return affine(mixed, output);
}
