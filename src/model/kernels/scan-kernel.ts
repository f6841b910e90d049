/**
 * Finds the items whose cosine with a direction, or whose score for a query, can be among the best, in WebAssembly SIMD over vectors of
 * 8 bits: an eighth of the arithmetic and a quarter of the memory that exact scores take. It goes by upper bounds of these, each at most
 * so much above what it bounds as the roundings can add up to:
 *
 *   o_j / |o_j| = s_j q_j + r_j, u / |u| = t p + w       q_j of 8 bits, p of 7
 *   cos(u, o_j) = s_j t (q_j . p) + u . r_j / |u| + w . (o_j / |o_j| - r_j)  <=  s_j t (q_j . p) + (1 + |w|) |r_j| + |w|      Cauchy-Schwarz
 *
 * The bound of a score is |u| |o_j| times that of the cosine, and its bias more.
 *
 * A scan that would hold the event loop up for milliseconds is made by threads beside it. All share one memory, in which the bounds of one
 * query stand at a time: who reads some does so in turn.
 */
import { lowest, type Bounds, type ReadBounds, type Wanted } from '../item-ranking.js';
import { fewestToSample, likelyLeast, samples, type Output } from '../rank.js';
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
/** Bytes of what is found for a direction before its rows. */
const foundHeader = 16;
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
  /** scale, slacks and least of each */
  readonly factors: number;
  /** what is found for each: a count, rows and bounds */
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

  /** Of the scores for a query. */
  scores(u: Float32Array): ReadBounds {
    const [read] = this.readers(1, true, () => {
      this.takeDirection(u, 0, Math.hypot(...u));
    });
    if (read === undefined) throw new Error('unreachable: there is one direction');
    return read;
  }

  /** The same of the cosines of items' vectors with each of a few directions; those for the same wish are made in one pass over the items. */
  cosines(directions: readonly Float32Array[]): readonly ReadBounds[] {
    if (directions.length > this.together) throw new Error(`${directions.length} directions, ${this.together} at most`);
    return this.readers(directions.length, false, () => {
      directions.forEach((direction, at) => {
        this.takeDirection(direction, at, 1);
      });
    });
  }

  /** Bounds are made anew where those of another query have taken their place, or where others are wanted. */
  private readers(directions: number, isScore: boolean, takeDirections: () => void): readonly ReadBounds[] {
    let made: readonly Bounds[] = [];
    let madeFor: Wanted | null = null;
    const stand = (wanted: Wanted | null): boolean =>
      this.latest === made &&
      (madeFor === null || (madeFor.count === wanted?.count && madeFor.isCandidate === wanted.isCandidate));
    return Array.from({ length: directions }, (_, direction) => async (wanted, read) => {
      const mine = this.turn.then(async () => {
        if (!stand(wanted)) {
          takeDirections();
          made = await this.find(directions, isScore, wanted);
          madeFor = wanted;
        }
        return read(made[direction] as Bounds);
      });
      this.turn = mine.catch(() => undefined);
      return mine;
    });
  }

  private async find(directions: number, isScore: boolean, wanted: Wanted | null): Promise<readonly Bounds[]> {
    this.latest = [];
    const each = Array.from({ length: directions }, (_, direction) => direction);
    const scan = this.scanOf(directions, isScore);
    const leasts =
      wanted === null || this.items < fewestToSample ? each.map(() => lowest) : this.likelyLeasts(each, scan, wanted);
    const begin = (): void => {
      for (const direction of each) this.begin(direction, leasts[direction] as number);
    };
    begin();
    if (!(await this.scanByThreads(scan))) {
      begin(); // without what threads have found that did not end
      this.kernels.scan(0, scan[0], ...scan);
    }
    return (this.latest = each.map((direction) => this.found(direction, leasts[direction] as number)));
  }

  /** What the bounds of a few times as many as are wanted reach, by those of some tiles. */
  private likelyLeasts(directions: readonly number[], scan: ScanArguments, wanted: Wanted): readonly number[] {
    const [quarter] = scan;
    const slices = samples / (quarters * tile);
    for (const direction of directions) this.begin(direction, lowest);
    for (let slice = 0; slice < slices; slice++) {
      const from = Math.floor((slice * quarter) / slices);
      this.kernels.scan(from, from + 1, ...scan);
    }
    return directions.map((direction) => {
      const { rows, values } = this.found(direction, lowest);
      const isCandidateAt = (at: number): boolean => wanted.isCandidate(rows[at] as number);
      return Math.max(lowest, likelyLeast(values, isCandidateAt, this.items, wanted.count));
    });
  }

  private scanOf(directions: number, isScore: boolean): ScanArguments {
    const { rows, filledWidth } = this;
    const { tiles, numbers, factors, found } = this.places;
    return [rows / (quarters * tile), filledWidth, tiles, directions, numbers, factors, isScore, found, rows];
  }

  /** Whether threads have done it. */
  private async scanByThreads(scan: ScanArguments): Promise<boolean> {
    if (this.rows < this.threadsFrom) return false;
    try {
      await threads.scan({ ...this.shared, nextBlock: this.places.nextBlock, blockTiles, scan });
      return true;
    } catch (error) {
      process.emitWarning(`the scan is made without threads: ${String(error)}`);
      return false;
    }
  }

  /** Where what is found for a direction begins. */
  private foundAt(direction: number): number {
    return this.places.found + direction * foundBytes(this.rows);
  }

  /** Nothing is found yet, and what is must reach `least`. */
  private begin(direction: number, least: number): void {
    new Float32Array(this.buffer, this.places.factors + 16 * direction, 4)[3] = least;
    new Int32Array(this.buffer, this.foundAt(direction), 1)[0] = 0;
  }

  private found(direction: number, least: number): Bounds {
    const place = this.foundAt(direction);
    const [count = 0] = new Int32Array(this.buffer, place, 1);
    return {
      rows: new Int32Array(this.buffer, place + foundHeader, count),
      values: new Float32Array(this.buffer, place + foundHeader + 4 * this.rows, count),
      least,
    };
  }

  private write({ vectors, bias }: Output, width: number): void {
    const { buffer, places, filledWidth, items } = this;
    const bytes = new Int8Array(buffer);
    const floats = new Float32Array(buffer);
    const integers = new Int32Array(buffer);
    const tileAt = (row: number): number => places.tiles + Math.floor(row / tile) * tileBytes(filledWidth);
    const restAt = (row: number): number => (tileAt(row) + tile * filledWidth) / 4 + (row % tile);
    for (let row = 0; row < items; row++) {
      const own = vectors.subarray(row * width, (row + 1) * width);
      const { scale, sum, error, length } = quantise(own, bytes, tileAt(row) + (row % tile) * tile);
      const ownBias = bias[row] as number;
      const rest = restAt(row);
      integers[rest] = -offsetOf7Bits * sum;
      floats[rest + tile] = scale;
      floats[rest + 2 * tile] = error;
      floats[rest + 3 * tile] = length;
      floats[rest + 4 * tile] = ownBias + rounding * Math.abs(ownBias);
    }
    for (let row = items; row < this.rows; row++) {
      const rest = restAt(row);
      floats[rest + 2 * tile] = -Infinity; // error: what fills up is below whatever must be reached
      floats[rest + 3 * tile] = 1;
    }
  }

  /** Puts a direction in 7 bits where the kernels read it, with t, 1 + |w| and |w|, each `times` so much. */
  private takeDirection(u: Float32Array, at: number, times: number): void {
    const { buffer, places, filledWidth } = this;
    const scale = Math.fround(largestOf(u) / mostOf7Bits) || 1;
    const numbers = new Int8Array(buffer, places.numbers + at * filledWidth, filledWidth);
    let left = 0;
    for (let column = 0; column < u.length; column++) {
      const value = u[column] as number;
      const rounded = Math.round(value / scale);
      numbers[column] = rounded + offsetOf7Bits;
      left += (value - scale * rounded) ** 2;
    }
    const length = Math.hypot(...u) || 1;
    const error = Math.sqrt(left) / length;
    const factors = [scale / length, 1 + error, error + rounding].map((factor) => factor * times);
    new Float32Array(buffer, places.factors + 16 * at, factors.length).set(factors);
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
    found: place(foundBytes(rows) * together),
    nextBlock: place(4),
  };
  return { places, end };
}

function tileBytes(filledWidth: number): number {
  return tile * (filledWidth + 4 * besides);
}

function foundBytes(rows: number): number {
  return foundHeader + 8 * rows;
}

function largestOf(vector: Float32Array): number {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return most;
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
  const scale = largestOf(vector) / mostOf8Bits || 1;
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
