/**
 * Upper bounds of all items' cosines with a direction, or of their scores for a query, in WebAssembly SIMD over vectors of 8 bits: an eighth of the arithmetic and a quarter
 * of the memory that exact scores take. A bound is at most so much above what it bounds as the roundings can add up to:
 *
 *   o_j / |o_j| = s_j q_j + r_j, u / |u| = t p + w       q_j of 8 bits, p of 7
 *   cos(u, o_j) = s_j t (q_j . p) + u . r_j / |u| + w . (o_j / |o_j| - r_j)  <=  s_j t (q_j . p) + (1 + |w|) |r_j| + |w|      Cauchy-Schwarz
 *
 * The bound of a score is |u| |o_j| times that of the cosine, and its bias more.
 *
 * A scan that would hold the event loop up for milliseconds is made by threads beside it. All share one memory, in which the bounds of one
 * query stand at a time: who reads some does so in turn.
 */
import type { Bounds } from '../item-ranking.js';
import type { Output } from '../rank.js';
import { instantiateScan, pageBytes, type ScanArguments, type ScanKernels, type SharedScan } from './module.js';
import { ScanThreads } from './scan-threads.js';

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
/** Numbers of each row in its tile beside its vector: offset, scale, error, length, bias. */
const besides = 5;
/** Parts of the items that are read together. */
const quarters = 4;
/** Places that one look at the bounds finds at most; where more are worth a look, all are looked at. */
const mostPlaces = 32_768;
/** Items from which on threads scan: the event loop would stand still for about two milliseconds. */
const fewestForThreads = 250_000;
/** Tiles of each quarter that a thread takes at a time: some tens of microseconds. */
const blockTiles = 256;

const threads = new ScanThreads();

/** Where it lies in the kernel's memory, in bytes. */
interface Places {
  readonly tiles: number;
  /** the numbers of each direction */
  readonly numbers: number;
  /** scale and slacks of each */
  readonly factors: number;
  readonly bounds: number;
  readonly found: number;
  readonly nextBlock: number;
}

export class ScanKernel {
  private readonly kernels: ScanKernels;
  private readonly shared: SharedScan;
  private readonly buffer: SharedArrayBuffer;
  private readonly rows: number;
  private readonly items: number;
  private readonly places: Places;
  private readonly filledWidth: number;
  private latest: readonly Bounds[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    output: Output,
    width: number,
    /** most directions that are looked at together */
    private readonly together = 1,
    private readonly threadsFrom = fewestForThreads,
  ) {
    this.items = output.bias.length;
    this.rows = Math.ceil(this.items / (quarters * tile)) * quarters * tile;
    this.filledWidth = Math.ceil(width / tile) * tile;
    const { places, end } = layOut(this.rows, this.filledWidth, together);
    this.places = places;
    const { kernels, ...shared } = instantiateScan(end);
    this.kernels = kernels;
    this.shared = shared;
    this.buffer = shared.memory.buffer as SharedArrayBuffer;
    this.write(output, width);
  }

  /** Waits until nobody else makes or reads bounds. */
  async inTurn<V>(act: () => V | Promise<V>): Promise<V> {
    const mine = this.turn.then(act);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** A bound for each item's score, row j at j - 1; holds until others are made. */
  async boundsFor(u: Float32Array): Promise<Bounds> {
    this.takeDirection(u, 0, Math.hypot(...u));
    await this.scan(1, true);
    const made = this.boundsAt(0);
    this.latest = [made];
    return made;
  }

  /** The same of the cosines of its vector with a few directions, in one pass over the items. */
  async cosineBoundsFor(directions: readonly Float32Array[]): Promise<readonly Bounds[]> {
    if (directions.length > this.together) throw new Error(`${directions.length} directions, ${this.together} at most`);
    directions.forEach((direction, at) => {
      this.takeDirection(direction, at, 1);
    });
    await this.scan(directions.length, false);
    return (this.latest = directions.map((_, at) => this.boundsAt(at)));
  }

  /** Whether no others took their place. */
  holds([first]: readonly Bounds[]): boolean {
    return first !== undefined && this.latest[0] === first;
  }

  private async scan(directions: number, isScore: boolean): Promise<void> {
    this.latest = [];
    const { rows, filledWidth, places, shared } = this;
    const { tiles, numbers, factors, bounds, nextBlock } = places;
    const quarter = rows / (quarters * tile);
    const scan: ScanArguments = [quarter, filledWidth, tiles, directions, numbers, factors, isScore, bounds];
    if (rows >= this.threadsFrom) {
      try {
        await threads.scan({ ...shared, nextBlock, blockTiles, scan });
        return;
      } catch (error) {
        process.emitWarning(`the scan is made without threads: ${String(error)}`);
      }
    }
    this.kernels.scan(0, quarter, ...scan);
  }

  private write({ vectors, bias }: Output, width: number): void {
    const { buffer, places, filledWidth, items } = this;
    const bytes = new Int8Array(buffer);
    const floats = new Float32Array(buffer);
    const integers = new Int32Array(buffer);
    for (let row = 0; row < items; row++) {
      const lane = row % tile;
      const start = places.tiles + ((row - lane) / tile) * tileBytes(filledWidth);
      const own = vectors.subarray(row * width, (row + 1) * width);
      const { scale, sum, error, length } = quantise(own, bytes, start + lane * tile);
      const ownBias = bias[row] as number;
      const rest = (start + tile * filledWidth) / 4 + lane;
      integers[rest] = -offsetOf7Bits * sum;
      floats[rest + tile] = scale;
      floats[rest + 2 * tile] = error;
      floats[rest + 3 * tile] = length;
      floats[rest + 4 * tile] = ownBias + rounding * Math.abs(ownBias);
    }
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

  private boundsAt(direction: number): Bounds {
    const { kernels, places, rows, items, buffer } = this;
    const place = places.bounds + 4 * rows * direction;
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
    end = Math.ceil((end + bytes) / 16) * 16;
    return start;
  };
  const places = {
    tiles: place((rows / tile) * tileBytes(filledWidth)),
    numbers: place(filledWidth * together),
    factors: place(16 * together),
    bounds: place(4 * rows * together),
    found: place(4 * mostPlaces),
    nextBlock: place(4),
  };
  return { places, end };
}

function tileBytes(filledWidth: number): number {
  return tile * (filledWidth + 4 * besides);
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
