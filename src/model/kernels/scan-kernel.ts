/**
 * Upper bounds of all items' scores for a query, or of their cosines with a direction, in WebAssembly SIMD over vectors of 8 bits: an eighth of the arithmetic and a quarter
 * of the memory that exact scores take. A bound is at most so much above its score as the roundings can add up to:
 *
 *   o_j = s_j q_j + r_j, u = t p + w       q_j of 8 bits, p of 16
 *   u . o_j = s_j t (q_j . p) + u . r_j + w . (o_j - r_j)  <=  s_j t (q_j . p) + |u| (|r_j| + |w| / |u| |s_j q_j|)      Cauchy-Schwarz
 */
import type { Bounds } from '../item-ranking.js';
import type { Output } from '../rank.js';
import { instantiate, pageBytes, type Kernels } from './module.js';

const mostOf8Bits = 127;
const mostOf16Bits = 32_767;
/** What sums of f32 may be off by, of the length of a vector; and what a cosine of f32. */
const rounding = 1e-6;
/** Places that one look at the bounds finds at most; where more are worth a look, all are looked at. */
const mostPlaces = 32_768;

/** Where it lies in the kernel's memory, in bytes. */
interface Places {
  readonly vectors: number;
  readonly scales: number;
  readonly biases: number;
  readonly errors: number;
  readonly inverses: number;
  readonly u: number;
  readonly bounds: number;
  readonly found: number;
}

export class ScanKernel {
  private readonly kernels: Kernels;
  private readonly buffer: ArrayBuffer;
  private readonly rows: number;
  private readonly items: number;
  private readonly places: Places;
  private readonly filledWidth: number;
  private latest: Bounds | null = null;

  constructor(
    { vectors, bias }: Output,
    private readonly width: number,
  ) {
    this.items = bias.length;
    this.rows = (this.items + 3) & ~3;
    this.filledWidth = (width + 15) & ~15;
    const { places, end } = layOut(this.rows, this.filledWidth);
    this.places = places;
    const { buffer, kernels } = instantiate(end);
    this.buffer = buffer;
    this.kernels = kernels;
    const bytes = new Int8Array(buffer, places.vectors, this.rows * this.filledWidth);
    const [scales, biases, errors, inverses] = [places.scales, places.biases, places.errors, places.inverses].map(
      (place) => new Float32Array(buffer, place, this.rows),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let row = 0; row < this.items; row++) {
      const { scale, error, length } = quantise(vectors, row * width, width, bytes, row * this.filledWidth);
      scales[row] = scale;
      errors[row] = error;
      inverses[row] = length === 0 ? 0 : 1 / length;
      biases[row] = (bias[row] as number) + rounding * Math.abs(bias[row] as number);
    }
  }

  /** A bound for each item's score, row j at j - 1; holds while it is the latest that was made. */
  boundsFor(u: Float32Array): Bounds {
    const { vectors, scales, biases, errors, u: query, bounds } = this.places;
    const scale = this.takeQuery(u, 1);
    const at = [query, scale, Math.hypot(...u), bounds] as const;
    this.kernels.scanBounds(this.rows, this.filledWidth, vectors, scales, biases, errors, ...at);
    return this.made();
  }

  /** The same of the cosine of its vector with a direction of this length. */
  cosineBoundsFor(direction: Float32Array, length: number): Bounds {
    const { vectors, scales, inverses, errors, u, bounds } = this.places;
    const at = [u, this.takeQuery(direction, length), rounding, bounds] as const;
    this.kernels.scanCosines(this.rows, this.filledWidth, vectors, scales, inverses, errors, ...at);
    return this.made();
  }

  /** Whether no others took their place. */
  holds(bounds: Bounds): boolean {
    return this.latest === bounds;
  }

  /** Puts u in 16 bits where the kernels read it; returns its scale, of u divided by `length`. */
  private takeQuery(u: Float32Array, length: number): number {
    const most = u.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const scale = most / mostOf16Bits || 1;
    const query = new Int16Array(this.buffer, this.places.u, this.filledWidth);
    for (let at = 0; at < this.width; at++) query[at] = Math.round((u[at] as number) / scale);
    return scale / length;
  }

  private made(): Bounds {
    const { kernels, places, rows, items, buffer } = this;
    this.latest = {
      values: new Float32Array(buffer, places.bounds, items),
      placesFrom: (least) => {
        let count = kernels.placesFrom(rows, places.bounds, least, places.found, mostPlaces);
        if (count < 0) return null;
        const found = new Int32Array(buffer, places.found, count);
        while (count > 0 && (found[count - 1] as number) >= items) count -= 1; // of rows that fill up
        return found.subarray(0, count);
      },
    };
    return this.latest;
  }
}

function layOut(rows: number, filledWidth: number): { readonly places: Places; readonly end: number } {
  let end = pageBytes;
  const place = (bytes: number): number => {
    const start = end;
    end = (end + bytes + 15) & ~15;
    return start;
  };
  const places = {
    vectors: place(rows * filledWidth),
    scales: place(4 * rows),
    biases: place(4 * rows),
    errors: place(4 * rows),
    inverses: place(4 * rows),
    u: place(2 * filledWidth),
    bounds: place(4 * rows),
    found: place(4 * mostPlaces),
  };
  return { places, end };
}

/** Writes a vector in 8 bits; `error` is what a score may be off by for a query of length 1. */
function quantise(
  vectors: Float32Array,
  begin: number,
  width: number,
  bytes: Int8Array,
  to: number,
): { readonly scale: number; readonly error: number; readonly length: number } {
  let most = 0;
  for (let at = begin; at < begin + width; at++) most = Math.max(most, Math.abs(vectors[at] as number));
  const scale = Math.fround(most / mostOf8Bits || 1);
  let left = 0;
  let kept = 0;
  let squares = 0;
  for (let at = 0; at < width; at++) {
    const value = vectors[begin + at] as number;
    const byte = Math.round(value / scale);
    bytes[to + at] = byte;
    left += (value - scale * byte) * (value - scale * byte);
    kept += scale * byte * (scale * byte);
    squares += value * value;
  }
  const ofQuery = Math.sqrt(width) / (2 * mostOf16Bits); // |w| <= sqrt(d) max|u| / (2 32,767)
  const error = (Math.sqrt(left) + Math.sqrt(kept) * (ofQuery + rounding)) * (1 + rounding);
  return { scale, error: Math.fround(error), length: Math.sqrt(squares) };
}
