/**
 * The best items for one query, exactly, without the exact score of each: bounds say which can be among the best, and only those are
 * scored. Bounds are asked for of the rows that are likely to be enough, and of all where these are not.
 */
import { BestRows, rank, type Ranked } from './rank.js';

export interface Ranking {
  /** The best items that are candidates, best first, of equals the lower row; fewer where there are fewer candidates. */
  best(count: number, isCandidate: IsCandidate): Promise<readonly Ranked[]>;
  /** The same with so much more for each row. */
  shifted(shiftOf: (row: number) => number): Ranking;
}

export type IsCandidate = (row: number) => boolean;

/** Upper bounds of the scores of some rows, in any order; the scores of all others are below `least`. */
export interface Bounds {
  readonly rows: ArrayLike<number>;
  readonly values: Float32Array;
  /** `lowest`: there are no others */
  readonly least: number;
}

/** What is not infinite is not below it. */
export const lowest = -3.4028234663852886e38;

/** The best of whom are asked for, and how many of them. */
export interface Wanted {
  readonly count: number;
  readonly isCandidate: IsCandidate;
}

/** Makes bounds where they do not stand any more: of all rows that can be among those wanted, as far as one can guess; null: of all. They hold while they are read. */
export type ReadBounds = <V>(wanted: Wanted | null, read: (bounds: Bounds) => V) => Promise<V>;

/** Bounds of all rows, made once; that of row j at j - 1. */
export function boundsOfAll(make: () => Float32Array): ReadBounds {
  let made: Bounds | null = null;
  const bounds = (): Bounds => {
    const values = make();
    return { rows: Int32Array.from(values, (_, at) => at + 1), values, least: lowest };
  };
  return async (_, read) => Promise.resolve(read((made ??= bounds())));
}

/** Twice the largest relative error of a number as f32. */
export const roundingOfF32 = 2 ** -23;

const noGains: ReadonlyMap<number, number> = new Map();

export class ItemRanking implements Ranking {
  private readonly scores = new Map<number, number>();

  /** `scoreOf` has what a row gains beside what the bounds are of. */
  constructor(
    private readonly bounds: ReadBounds,
    private readonly scoreOf: (row: number) => number,
    private readonly gains = noGains,
  ) {}

  async best(count: number, isCandidate: IsCandidate): Promise<readonly Ranked[]> {
    if (count <= 0) return [];
    const within = (bounds: Bounds): readonly Ranked[] | null => this.bestWithin(bounds, count, isCandidate);
    const likely = await this.bounds({ count: mostScored(count), isCandidate }, within);
    const best = likely ?? (await this.bounds(null, within));
    if (best === null) throw new Error('unreachable: bounds of all rows tell the best');
    return best;
  }

  shifted(shiftOf: (row: number) => number): Ranking {
    let made: Promise<Bounds> | null = null;
    const shift = ({ rows, values, least }: Bounds): Bounds => ({
      rows: Int32Array.from(rows),
      values: values.map((bound, at) => {
        const row = rows[at] as number;
        const shifted = this.withGain(row, bound) + shiftOf(row);
        return shifted + Math.abs(shifted) * roundingOfF32; // a bound that was rounded down would be none
      }),
      least,
    });
    return new ItemRanking(
      async (_, read) => read(await (made ??= this.bounds(null, shift))),
      (row) => this.scoreOnce(row) + shiftOf(row),
    );
  }

  /** null: rows that have no bound may be better. */
  private bestWithin(bounds: Bounds, count: number, isCandidate: IsCandidate): readonly Ranked[] | null {
    for (let most = mostScored(count); ; most *= 2) {
      const possible = this.highest(bounds, most, isCandidate);
      const best = new BestRows(count);
      for (const { row, score: bound } of possible) {
        if (bound < best.least) return best.inOrder(); // as are all behind it
        best.offer(row, this.scoreOnce(row));
      }
      if (possible.length === most) continue;
      return bounds.least === lowest || best.least >= bounds.least ? best.inOrder() : null;
    }
  }

  /** The candidates with the highest bounds, the highest first. */
  private highest({ rows, values, least }: Bounds, most: number, isCandidate: IsCandidate): readonly Ranked[] {
    const highest = new BestRows(most);
    const others = new Set(this.gains.keys());
    for (let at = 0; at < values.length; at++) {
      const row = rows[at] as number;
      const bound = this.withGain(row, values[at] as number);
      others.delete(row);
      if (bound < highest.least) continue;
      if (Number.isNaN(bound)) throw new Error(`the score of row ${row} is not a number`);
      if (isCandidate(row)) highest.offer(row, bound);
    }
    for (const row of others) if (isCandidate(row)) highest.offer(row, this.withGain(row, least));
    return highest.inOrder();
  }

  private withGain(row: number, bound: number): number {
    const gain = this.gains.get(row);
    return gain === undefined ? bound : Math.fround(bound + gain);
  }

  private scoreOnce(row: number): number {
    const score = this.scores.get(row) ?? this.scoreOf(row);
    this.scores.set(row, score);
    return score;
  }
}

/** Rows that are scored at first for so many that are asked for, where so many may be among them. */
function mostScored(count: number): number {
  return 2 * count + 30;
}

/** Scores of all rows, each at row - 1. */
export function rankingOf(scores: Float32Array): Ranking {
  return {
    best: async (count, isCandidate) => Promise.resolve(rank(scores, count, isCandidate)),
    shifted: (shiftOf) => rankingOf(scores.map((score, index) => score + shiftOf(index + 1))),
  };
}

/** Two one behind the other: the second's row 1 is row `rows` + 1 of both. */
export function joinedRanking(first: Ranking, rows: number, second: Ranking): Ranking {
  return {
    best: async (count, isCandidate) => {
      const best = new BestRows(count);
      for (const { row, score } of await first.best(count, isCandidate)) best.offer(row, score);
      const others = await second.best(count, (row) => isCandidate(rows + row));
      for (const { row, score } of others) best.offer(rows + row, score);
      return best.inOrder();
    },
    shifted: (shiftOf) =>
      joinedRanking(
        first.shifted(shiftOf),
        rows,
        second.shifted((row) => shiftOf(rows + row)),
      ),
  };
}
