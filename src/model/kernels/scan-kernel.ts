/**
 * Upper bounds of all items' scores for a query, or of their cosines with a direction, in WebAssembly SIMD over vectors of 8 bits: an eighth of the arithmetic and a quarter
 * of the memory that exact scores take. A bound is at most so much above its score as the roundings can add up to:
 *
 *   o_j = s_j q_j + r_j, u = t p + w       q_j of 8 bits, p of 7
 *   u . o_j = s_j t (q_j . p) + u . r_j + w . (o_j - r_j)  <=  s_j t (q_j . p) + |u| |r_j| + |w| (|o_j| + |r_j|)      Cauchy-Schwarz
 */
import type { Bounds } from '../item-ranking.js';
import type { Output } from '../rank.js';
import { instantiate, pageBytes, type Kernels } from './module.js';

const mostOf8Bits = 127;
/** p lies in -63 .. 63, and 64 above that where the kernels read it. */
const mostOf7Bits = 63;
const offsetOf7Bits = 64;
/** What sums of f32 may be off by, of the length of a vector; and what a cosine of f32. */
const rounding = 1e-6;
/** Places that one look at the bounds finds at most; where more are worth a look, all are looked at. */
const mostPlaces = 32_768;

/** Where it lies in the kernel's memory, in bytes. */
interface Places {
  readonly vectors: number;
  readonly offsets: number;
  readonly scales: number;
  readonly biases: number;
  readonly errors: number;
  readonly lengths: number;
  /** the numbers of each query */
  readonly u: number;
  /** scale and slacks of each */
  readonly factors: number;
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
  private latest: readonly Bounds[] = [];

  constructor(
    { vectors, bias }: Output,
    private readonly width: number,
    /** most directions that are looked at together */
    private readonly together = 1,
  ) {
    this.items = bias.length;
    this.rows = (this.items + 15) & ~15;
    this.filledWidth = (width + 15) & ~15;
    const { places, end } = layOut(this.rows, this.filledWidth, together);
    this.places = places;
    const { buffer, kernels } = instantiate(end);
    this.buffer = buffer;
    this.kernels = kernels;
    const bytes = new Int8Array(buffer, places.vectors, this.rows * this.filledWidth);
    const offsets = new Int32Array(buffer, places.offsets, this.rows);
    const [scales, biases, errors, lengths] = [places.scales, places.biases, places.errors, places.lengths].map(
      (place) => new Float32Array(buffer, place, this.rows),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let row = 0; row < this.items; row++) {
      const { scale, sum, error, length } = quantise(vectors, row * width, width, bytes, row * this.filledWidth);
      offsets[row] = offsetOf7Bits * sum;
      scales[row] = scale;
      errors[row] = error;
      lengths[row] = length;
      biases[row] = (bias[row] as number) + rounding * Math.abs(bias[row] as number);
    }
  }

  /** A bound for each item's score, row j at j - 1; holds while it is the latest that was made. */
  boundsFor(u: Float32Array): Bounds {
    const { rows, filledWidth, places } = this;
    const { vectors, offsets, scales, biases, errors, lengths, bounds } = places;
    const { scale, error } = this.takeQuery(u, places.u);
    const length = Math.hypot(...u);
    const slack = [length + error, error + rounding * length] as const;
    const items = [rows, filledWidth, vectors, offsets, scales, biases, errors, lengths] as const;
    this.kernels.scanBounds(...items, places.u, scale, ...slack, bounds);
    const made = this.boundsAt(bounds);
    this.latest = [made];
    return made;
  }

  /** The same of the cosines of its vector with a few directions, in one pass over the items. */
  cosineBoundsFor(directions: readonly Float32Array[]): readonly Bounds[] {
    const { rows, filledWidth, places, buffer } = this;
    const { vectors, offsets, scales, errors, lengths, u, factors, bounds } = places;
    if (directions.length > this.together) throw new Error(`${directions.length} directions, ${this.together} at most`);
    directions.forEach((direction, at) => {
      const length = Math.hypot(...direction) || 1;
      const { scale, error } = this.takeQuery(direction, u + at * filledWidth);
      new Float32Array(buffer, factors + 16 * at, 3).set([
        scale / length,
        1 + error / length,
        error / length + rounding,
      ]);
    });
    const items = [rows, filledWidth, vectors, offsets, scales, errors, lengths] as const;
    this.kernels.scanCosines(...items, directions.length, u, factors, bounds);
    return (this.latest = directions.map((_, at) => this.boundsAt(bounds + 4 * rows * at)));
  }

  /** Whether no others took their place. */
  holds([first]: readonly Bounds[]): boolean {
    return this.latest[0] === first;
  }

  /** Puts u in 7 bits where the kernels read it; returns t and |w|. */
  private takeQuery(u: Float32Array, place: number): { readonly scale: number; readonly error: number } {
    const most = u.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const scale = Math.fround(most / mostOf7Bits) || 1;
    const numbers = new Int8Array(this.buffer, place, this.filledWidth);
    let left = 0;
    for (let at = 0; at < this.width; at++) {
      const value = u[at] as number;
      const rounded = Math.round(value / scale);
      numbers[at] = rounded + offsetOf7Bits;
      left += (value - scale * rounded) ** 2;
    }
    return { scale, error: Math.sqrt(left) };
  }

  private boundsAt(place: number): Bounds {
    const { kernels, places, rows, items, buffer } = this;
    return {
      values: new Float32Array(buffer, place, items),
      placesFrom: (least) => {
        let count = kernels.placesFrom(rows, place, least, places.found, mostPlaces);
        if (count < 0) return null;
        const found = new Int32Array(buffer, places.found, count);
        while (count > 0 && (found[count - 1] as number) >= items) count -= 1; // of rows that fill up
        return found.subarray(0, count);
      },
    };
  }
}

function layOut(
  rows: number,
  filledWidth: number,
  together: number,
): { readonly places: Places; readonly end: number } {
  let end = pageBytes;
  const place = (bytes: number): number => {
    const start = end;
    end = (end + bytes + 15) & ~15;
    return start;
  };
  const places = {
    vectors: place(rows * filledWidth),
    offsets: place(4 * rows),
    scales: place(4 * rows),
    biases: place(4 * rows),
    errors: place(4 * rows),
    lengths: place(4 * rows),
    u: place(filledWidth * together),
    factors: place(16 * together),
    bounds: place(4 * rows * together),
    found: place(4 * mostPlaces),
  };
  return { places, end };
}

/** Writes a vector in 8 bits; `sum` is that of its numbers there, `error` the length of what they leave out, `length` its own. */
function quantise(
  vectors: Float32Array,
  begin: number,
  width: number,
  bytes: Int8Array,
  to: number,
): { readonly scale: number; readonly sum: number; readonly error: number; readonly length: number } {
  let most = 0;
  for (let at = begin; at < begin + width; at++) most = Math.max(most, Math.abs(vectors[at] as number));
  const scale = Math.fround(most / mostOf8Bits || 1);
  let sum = 0;
  let left = 0;
  let squares = 0;
  for (let at = 0; at < width; at++) {
    const value = vectors[begin + at] as number;
    const byte = Math.round(value / scale);
    bytes[to + at] = byte;
    sum += byte;
    left += (value - scale * byte) * (value - scale * byte);
    squares += value * value;
  }
  return { scale, sum, error: Math.sqrt(left) * (1 + rounding), length: Math.sqrt(squares) };
}
