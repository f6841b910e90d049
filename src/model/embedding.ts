/**
 * Row of an item -> vector.
 *
 *   E'[i] = E[i] + sum over the n attributes a of item i: A[a] / sqrt(n)     folded once, when a model is loaded
 *   x     = LN(E'[i] + C[kind] + G[gap])                                     the input of an event
 *
 * C and G are there where the network has vectors for kinds and for time gaps (see `gap`). C[0], of a kind unknown to the model, is zero.
 * The same table E' scores the items of an answer (tied), as it is or with each vector scaled to one length L:
 *
 *   O[j] = E'[j]   or   L E'[j] / |E'[j]|
 *
 * Row 0, an item unknown to the model, is zeros: its x is the norm's bias.
 */
import { layerNorm, zeros } from './matrix.js';
import type { Matrix, Norm } from './matrix.js';

export interface ItemAttributes {
  /** [A d] */
  readonly vectors: Float32Array;
  /** attributes of row i: ids[offsets[i]] up to, without, ids[offsets[i + 1]] */
  readonly offsets: Int32Array;
  readonly ids: Int32Array;
}

/** What each attribute of a row counts: 1 / sqrt(n) for n of them, so that items with many are not larger than others. */
export function attributeWeight(offsets: Int32Array, row: number): number {
  return 1 / Math.sqrt(Math.max(1, (offsets[row + 1] as number) - (offsets[row] as number)));
}

/** E' [N d]. The table that is given stays as it is. */
export function foldAttributes(table: Float32Array, width: number, attributes: ItemAttributes): Float32Array {
  const folded = table.slice();
  const { vectors, offsets, ids } = attributes;
  for (let row = 0; row + 1 < offsets.length; row++) {
    const weight = attributeWeight(offsets, row);
    for (let at = 0; at < width; at++) {
      let sum = table[row * width + at] as number;
      for (let entry = offsets[row] as number; entry < (offsets[row + 1] as number); entry++) {
        sum += weight * (vectors[(ids[entry] as number) * width + at] as number);
      }
      folded[row * width + at] = sum;
    }
  }
  return folded;
}

/** Added to the square of a length: a vector of zeros stays one. */
export const leastSquare = 1e-12;

/** O [N d] of E' [N d]; a length of 0: the table itself. */
export function outputVectors(table: Float32Array, width: number, length: number): Float32Array {
  if (length === 0) return table;
  const scaled = table.slice();
  for (let from = 0; from < scaled.length; from += width) {
    let square = leastSquare;
    for (let at = from; at < from + width; at++) square += (table[at] as number) ** 2;
    const factor = length / Math.sqrt(square);
    for (let at = from; at < from + width; at++) scaled[at] = factor * (table[at] as number);
  }
  return scaled;
}

/** Vectors that are added to the item's: row `indices[b]` of `vectors` for user b. */
export interface Term {
  readonly vectors: Float32Array;
  readonly indices: Int32Array;
}

/** x of one event for each user [B d]. */
export function embed(table: Float32Array, rows: Int32Array, norm: Norm, terms: readonly Term[] = []): Matrix {
  const x = zeros(rows.length, norm.gain.length);
  sumTerms(table, rows, terms, x);
  return layerNorm(x, norm);
}

/** E'[i] + C[kind] + G[gap] of each user, into x [B d] */
export function sumTerms(table: Float32Array, rows: Int32Array, terms: readonly Term[], { width, data }: Matrix): void {
  rows.forEach((row, user) => {
    if (row < 0 || row * width >= table.length) throw new RangeError(`row ${row} is outside of the item table`);
    // a view for each, to be copied as a whole, would cost more
    for (let at = 0; at < width; at++) data[user * width + at] = table[row * width + at] as number;
  });
  for (const { vectors, indices } of terms) {
    indices.forEach((index, user) => {
      if (index < 0 || index * width >= vectors.length)
        throw new RangeError(`${index} is outside of the kinds or gaps`);
      for (let at = 0; at < width; at++) {
        const own = user * width + at;
        data[own] = (data[own] as number) + (vectors[index * width + at] as number);
      }
    });
  }
}
