/**
 * Upper bounds of all items' cosines with a direction, or of their scores for a query, in WebAssembly SIMD over vectors of 8 bits: an eighth of the arithmetic and a quarter
 * of the memory that exact scores take. A bound is at most so much above what it bounds as the roundings can add up to:
 *
 *   o_j / |o_j| = s_j q_j + r_j, u / |u| = t p + w       q_j of 8 bits, p of 7
 *   cos(u, o_j) = s_j t (q_j . p) + u . r_j / |u| + w . (o_j / |o_j| - r_j)  <=  s_j t (q_j . p) + (1 + |w|) |r_j| + |w|      Cauchy-Schwarz
 *
 * The bound of a score is |u| |o_j| times that of the cosine.
 */
import type { Bounds } from '../item-ranking.js';
import type { Output } from '../rank.js';
import { instantiate, pageBytes, type Kernels } from './module.js';

const mostOf8Bits = 127;
/** p lies in -63 .. 63, and 64 above that where the kernels read it. */
const mostOf7Bits = 63;
const offsetOf7Bits = 64;
/** What a cosine of f32 may be off by. */
const rounding = 1e-6;
/** Of a vector that is shorter f32 does not hold the quotients well: its cosine is held to be 2, which none reaches. */
const shortest = 1e-30;
/** Rows, and columns, of a tile. */
const tile = 4;
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
  /** the numbers of each direction */
  readonly numbers: number;
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
    width: number,
    /** most directions that are looked at together */
    private readonly together = 1,
  ) {
    this.items = bias.length;
    this.rows = (this.items + 15) & ~15;
    this.filledWidth = (width + 3) & ~3;
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
      const own = vectors.subarray(row * width, (row + 1) * width);
      const { scale, sum, error, length } = quantise(own, bytes, placeOf(row, this.filledWidth));
      offsets[row] = -offsetOf7Bits * sum;
      scales[row] = scale;
      errors[row] = error;
      lengths[row] = length;
      biases[row] = (bias[row] as number) + rounding * Math.abs(bias[row] as number);
    }
  }

  /** A bound for each item's score, row j at j - 1; holds while it is the latest that was made. */
  boundsFor(u: Float32Array): Bounds {
    const { rows, filledWidth, places } = this;
    const { vectors, offsets, scales, errors, lengths, biases, numbers, factors, bounds } = places;
    this.takeDirection(u, 0, Math.hypot(...u));
    const items = [rows, filledWidth, vectors, offsets, scales, errors, lengths, biases] as const;
    this.kernels.scanBounds(...items, numbers, factors, bounds);
    const made = this.boundsAt(bounds);
    this.latest = [made];
    return made;
  }

  /** The same of the cosines of its vector with a few directions, in one pass over the items. */
  cosineBoundsFor(directions: readonly Float32Array[]): readonly Bounds[] {
    const { rows, filledWidth, places } = this;
    const { vectors, offsets, scales, errors, numbers, factors, bounds } = places;
    if (directions.length > this.together) throw new Error(`${directions.length} directions, ${this.together} at most`);
    directions.forEach((direction, at) => {
      this.takeDirection(direction, at, 1);
    });
    const items = [rows, filledWidth, vectors, offsets, scales, errors] as const;
    this.kernels.scanCosines(...items, directions.length, numbers, factors, bounds);
    return (this.latest = directions.map((_, at) => this.boundsAt(bounds + 4 * rows * at)));
  }

  /** Whether no others took their place. */
  holds([first]: readonly Bounds[]): boolean {
    return this.latest[0] === first;
  }

  /** Puts a direction in 7 bits where the kernels read it, with t, 1 + |w| and |w|, each `times` so much. */
  private takeDirection(u: Float32Array, at: number, times: number): void {
    const { buffer, places, filledWidth } = this;
    const most = u.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const scale = Math.fround(most / mostOf7Bits) || 1;
    const numbers = new Int8Array(buffer, places.numbers + at * filledWidth, filledWidth);
    let left = 0;
    for (const [column, value] of u.entries()) {
      const rounded = Math.round(value / scale);
      numbers[column] = rounded + offsetOf7Bits;
      left += (value - scale * rounded) ** 2;
    }
    const length = Math.hypot(...u) || 1;
    const error = Math.sqrt(left) / length;
    const factors = [scale / length, 1 + error, error + rounding].map((factor) => factor * times);
    new Float32Array(buffer, places.factors + 16 * at, factors.length).set(factors);
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
    numbers: place(filledWidth * together),
    factors: place(16 * together),
    bounds: place(4 * rows * together),
    found: place(4 * mostPlaces),
  };
  return { places, end };
}

/** Where an item's numbers begin: in tiles of four rows and four columns, see the kernels. */
function placeOf(row: number, filledWidth: number): number {
  const rowInTile = row % tile;
  return (row - rowInTile) * filledWidth + rowInTile * tile;
}

/**
 * Writes a vector in 8 bits; `sum` is that of its numbers there, `length` its own. `scale` and `error`, the length of what the numbers
 * leave out, are those of the vector made 1 long.
 */
function quantise(
  vector: Float32Array,
  bytes: Int8Array,
  begin: number,
): { readonly scale: number; readonly sum: number; readonly error: number; readonly length: number } {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  const scale = most / mostOf8Bits || 1;
  let sum = 0;
  let left = 0;
  let squares = 0;
  for (let at = 0; at < vector.length; at++) {
    const value = vector[at] as number;
    const byte = Math.round(value / scale);
    const column = at % tile;
    bytes[begin + (at - column) * tile + column] = byte;
    sum += byte;
    left += (value - scale * byte) * (value - scale * byte);
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  if (length < shortest) return { scale: 0, sum, error: length === 0 ? 0 : 2, length };
  return { scale: scale / length, sum, error: (Math.sqrt(left) / length) * (1 + rounding), length };
}
