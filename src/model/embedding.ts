/**
 * Row of an item -> vector.
 *
 *   E'[i] = E[i] + sum over the attributes a of item i: w[a] A[a]     folded once, when a model is loaded
 *   x     = LN(E'[i])                                                 the input of an event
 *
 * The same table E' scores the items of an answer (tied). Row 0, an item unknown to the model, is zeros: its x is the norm's bias.
 */
import { layerNorm, zeros } from './matrix.js';
import type { Matrix, Norm } from './matrix.js';

export interface ItemAttributes {
  /** [A d] */
  readonly vectors: Float32Array;
  /** [A] */
  readonly weights: Float32Array;
  /** attributes of row i: ids[offsets[i]] up to, without, ids[offsets[i + 1]] */
  readonly offsets: Int32Array;
  readonly ids: Int32Array;
}

/** E' [N d]. The table that is given stays as it is. */
export function foldAttributes(table: Float32Array, width: number, attributes: ItemAttributes): Float32Array {
  const folded = table.slice();
  const { vectors, weights, offsets, ids } = attributes;
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let at = 0; at < width; at++) {
      let sum = table[row * width + at] as number;
      for (let entry = offsets[row] as number; entry < (offsets[row + 1] as number); entry++) {
        const attribute = ids[entry] as number;
        sum += (weights[attribute] as number) * (vectors[attribute * width + at] as number);
      }
      folded[row * width + at] = sum;
    }
  }
  return folded;
}

/** x of one event for each user [B d]. */
export function embed(table: Float32Array, rows: Int32Array, norm: Norm): Matrix {
  const width = norm.gain.length;
  const x = zeros(rows.length, width);
  rows.forEach((row, user) => {
    if (row < 0 || row * width >= table.length) throw new RangeError(`row ${row} is outside of the item table`);
    x.data.set(table.subarray(row * width, (row + 1) * width), user * width);
  });
  return layerNorm(x, norm);
}
