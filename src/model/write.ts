/**
 * The gated write: an interaction fades each slot a little and leaves its own mark in it.
 *
 *   f    = sigmoid(z W_f + b_f)                 one gate a slot and head, in (0, 1)
 *   K[s] = f[s] K[s] + (1 - f[s]) x W_k         keys and values move alike
 *   V[s] = f[s] V[s] + (1 - f[s]) x W_v         H heads: each writes its d/H numbers of both, with its own f
 *
 * The gate looks at the encoded state z, the mark is made of the item x: where the user stands decides how long a slot keeps
 * things, and what it keeps stays a weighted sum of items, which `attribution` can read back.
 * Departs from Gated Slot Attention (Zhang et al., 2024) in writing x instead of z.
 */
import { affine, fade, sigmoid } from './matrix.js';
import type { Affine, Matrix, Norm } from './matrix.js';
import type { Slots } from './slots.js';

export interface WriteWeights {
  /** outputs [H S], head by head */
  readonly gate: Affine;
  readonly key: Affine;
  readonly value: Affine;
}

/** Writes one event of each user into the user's slots, in place; returns the gates f [B H S]. */
export function write(weights: WriteWeights, z: Matrix, x: Matrix, slots: readonly Slots[]): Matrix {
  const keep = sigmoid(affine(z, weights.gate)); //     [B H*S]
  const key = affine(x, weights.key); //                [B d]
  const value = affine(x, weights.value); //            [B d]
  slots.forEach((own, user) => {
    blend(own.keys, key, keep, user);
    blend(own.values, value, keep, user);
  });
  return keep;
}

/** slot = f slot + (1 - f) mark, for every head and slot of one user; kept [H S d/H] has one gate for each d/H numbers */
function blend(kept: Float32Array, mark: Matrix, keep: Matrix, user: number): void {
  const part = kept.length / keep.width; //             d / H
  const slots = kept.length / mark.width; //            S
  for (let gate = 0; gate < keep.width; gate++) {
    const stay = keep.data[user * keep.width + gate] as number;
    const from = user * mark.width + Math.floor(gate / slots) * part;
    for (let at = 0; at < part; at++) {
      const own = gate * part + at;
      kept[own] = fade(stay, kept[own] as number, mark.data[from + at] as number);
    }
  }
}

/**
 * The largest number that a slot can ever hold: a slot is a weighted mean of marks and of zero, and a mark's number is at most
 * |x| times a column's length, where |x| <= max|gain| sqrt d + |bias| after the norm.
 */
export function largestMark({ key, value }: WriteWeights, { gain, bias }: Norm): number {
  const longest = Math.max(...gain.map(Math.abs)) * Math.sqrt(gain.length) + Math.hypot(...bias);
  const columns = [key, value].flatMap(({ inputs, outputs, weights }) =>
    Array.from({ length: outputs }, (_, output) =>
      Math.hypot(...weights.subarray(output * inputs, (output + 1) * inputs)),
    ),
  );
  return longest * Math.max(...columns);
}
