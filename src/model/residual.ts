/**
 * How a layer's result joins what went into it; the same form after the GRU and after the read.
 *
 *   z = LN(x + y)
 *   z = LN(z + FFN(z)),   FFN: d -> 4d, GELU -> d
 */
import { add, affine, gelu, layerNorm } from './matrix.js';
import type { Affine, Matrix, Norm } from './matrix.js';

export interface Residual {
  readonly norm1: Norm;
  readonly up: Affine;
  readonly down: Affine;
  readonly norm2: Norm;
}

export function residual(weights: Residual, x: Matrix, y: Matrix): Matrix {
  const joined = layerNorm(add(x, y), weights.norm1); //                          [B d]
  const inner = gelu(affine(joined, weights.up)); //                              [B 4d]
  return layerNorm(add(joined, affine(inner, weights.down)), weights.norm2); //   [B d]
}
