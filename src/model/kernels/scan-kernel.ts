/**
 * Upper bounds of all items' scores for a query, in WebAssembly SIMD over vectors of 8 bits: an eighth of the arithmetic and a quarter
 * of the memory that exact scores take. A bound is at most so much above its score as the roundings can add up to:
 *
 *   o_j = s_j q_j + r_j, u = t p + w       q_j of 8 bits, p of 16
 *   u . o_j = s_j t (q_j . p) + u . r_j + w . (o_j - r_j)  <=  s_j t (q_j . p) + |u| (|r_j| + |w| / |u| |s_j q_j|)      Cauchy-Schwarz
 */
import type { Output } from '../rank.js';
import { instantiate, pageBytes, type Kernels } from './module.js';

const mostOf8Bits = 127;
const mostOf16Bits = 32_767;
/** What sums of f32 may be off by, of the length of a vector. */
const rounding = 1e-6;

export class ScanKernel {
  private readonly kernels: Kernels;
  private readonly u: Int16Array;
  private readonly bounds: Float32Array;
  private readonly rows: number;
  private readonly items: number;
  private readonly places: {
    readonly vectors: number;
    readonly scales: number;
    readonly biases: number;
    readonly errors: number;
  };
  private readonly filledWidth: number;

  constructor(
    { vectors, bias }: Output,
    private readonly width: number,
  ) {
    const rows = (bias.length + 3) & ~3;
    const filled = (width + 15) & ~15;
    let end = pageBytes;
    const place = (bytes: number): number => {
      const start = end;
      end = (end + bytes + 15) & ~15;
      return start;
    };
    const places = {
      vectors: place(rows * filled),
      scales: place(4 * rows),
      biases: place(4 * rows),
      errors: place(4 * rows),
    };
    const u = place(2 * filled);
    const bounds = place(4 * rows);
    const { buffer, kernels } = instantiate(end);
    this.kernels = kernels;
    this.rows = rows;
    this.items = bias.length;
    this.filledWidth = filled;
    this.places = places;
    this.u = new Int16Array(buffer, u, filled);
    this.bounds = new Float32Array(buffer, bounds, rows);
    const bytes = new Int8Array(buffer, places.vectors, rows * filled);
    const scales = new Float32Array(buffer, places.scales, rows);
    const biases = new Float32Array(buffer, places.biases, rows);
    const errors = new Float32Array(buffer, places.errors, rows);
    for (let row = 0; row < bias.length; row++) {
      const { scale, error } = quantise(vectors, row * width, width, bytes, row * filled);
      scales[row] = scale;
      errors[row] = error;
      biases[row] = (bias[row] as number) + rounding * Math.abs(bias[row] as number);
    }
  }

  /** A bound for each item, row j at j - 1. */
  boundsFor(u: Float32Array): Float32Array {
    const most = u.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const scale = most / mostOf16Bits || 1;
    for (let at = 0; at < this.width; at++) this.u[at] = Math.round((u[at] as number) / scale);
    const { vectors, scales, biases, errors } = this.places;
    const { rows, filledWidth, kernels } = this;
    const at = [this.u.byteOffset, scale, Math.hypot(...u), this.bounds.byteOffset] as const;
    kernels.scanBounds(rows, filledWidth, vectors, scales, biases, errors, ...at);
    return this.bounds.slice(0, this.items);
  }
}

/** Writes a vector in 8 bits; `error` is what a score may be off by for a query of length 1. */
function quantise(
  vectors: Float32Array,
  begin: number,
  width: number,
  bytes: Int8Array,
  to: number,
): { readonly scale: number; readonly error: number } {
  let most = 0;
  for (let at = begin; at < begin + width; at++) most = Math.max(most, Math.abs(vectors[at] as number));
  const scale = Math.fround(most / mostOf8Bits || 1);
  let left = 0;
  let kept = 0;
  for (let at = 0; at < width; at++) {
    const value = vectors[begin + at] as number;
    const byte = Math.round(value / scale);
    bytes[to + at] = byte;
    left += (value - scale * byte) * (value - scale * byte);
    kept += scale * byte * (scale * byte);
  }
  const ofQuery = Math.sqrt(width) / (2 * mostOf16Bits); // |w| <= sqrt(d) max|u| / (2 32,767)
  const length = Math.sqrt(kept);
  return { scale, error: Math.fround((Math.sqrt(left) + length * (ofQuery + rounding)) * (1 + rounding)) };
}
