/**
 * The GRU: one step for many users. The reset-before cell, as TensorFlow's GRUBlockCell trains it:
 *
 *   r, u = sigmoid([x, h] W_ru + b_ru)       reset and update gate
 *   c    = tanh([x, r h] W_c + b_c)          what this event would leave alone
 *   h    = u h + (1 - u) c                   the hidden state, kept per user and block
 *
 * The block's output is z = residual(x, h) (see `residual`): a function of its input and the hidden state alone, so that a query
 * rebuilds it from what is stored.
 * Departs from PyTorch's and cuDNN's cell, which multiply r after W (reset-after): weights of those do not fit here.
 */
import { affine, concat, fade, sigmoid, tanh, zeros } from './matrix.js';
import type { Affine, Matrix } from './matrix.js';
import type { Residual } from './residual.js';

export interface Block {
  /** r first, then u */
  readonly gates: Affine;
  readonly candidate: Affine;
  readonly residual: Residual;
}

/** The hidden states after an event whose input is x. */
export function stepGru({ gates, candidate }: Block, x: Matrix, h: Matrix): Matrix {
  const { rows, width } = h;
  const gate = sigmoid(affine(concat(x, h), gates)); //                           [B 2d]
  const reset = zeros(rows, width); //                                            [B d]
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) {
      reset.data[row * width + at] = (gate.data[2 * row * width + at] as number) * (h.data[row * width + at] as number);
    }
  }
  const next = tanh(affine(concat(x, reset), candidate)); //                      [B d]
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) {
      const update = gate.data[(2 * row + 1) * width + at] as number;
      const own = row * width + at;
      next.data[own] = fade(update, h.data[own] as number, next.data[own] as number);
    }
  }
  return next;
}
