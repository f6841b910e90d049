/**
 * The best items for one query, exactly, without the exact score of each: bounds of all items say which can be among the best, and only
 * those are scored. Asked for more than before, it goes on from the same bounds.
 */
import { BestRows, rank, type PlacesFrom, type Ranked } from './rank.js';

export interface Ranking {
  /** The best items that are candidates, best first, of equals the lower row; fewer where there are fewer candidates. */
  best(count: number, isCandidate: (row: number) => boolean): Promise<readonly Ranked[]>;
  /** The same with so much more for each row. */
  shifted(shiftOf: (row: number) => number): Ranking;
}

/** None is below its item's score, row j at j - 1. */
export interface Bounds {
  readonly values: Float32Array;
  /** where there is a faster way to find them than to look at each */
  readonly placesFrom?: PlacesFrom;
}

/** Makes bounds where they do not stand any more; they hold while they are read. */
export type ReadBounds = <V>(read: (bounds: Bounds) => V) => Promise<V>;

/** Twice the largest relative error of a number as f32. */
export const roundingOfF32 = 2 ** -23;

export class ItemRanking implements Ranking {
  private readonly scores = new Map<number, number>();

  constructor(
    private readonly bounds: ReadBounds,
    private readonly scoreOf: (row: number) => number,
  ) {}

  async best(count: number, isCandidate: (row: number) => boolean): Promise<readonly Ranked[]> {
    return count <= 0 ? [] : this.bounds((bounds) => this.bestWithin(bounds, count, isCandidate));
  }

  shifted(shiftOf: (row: number) => number): Ranking {
    // a bound that was rounded down would be none
    const shift = ({ values }: Bounds): Bounds => ({
      values: values.map((bound, index) => {
        const shifted = bound + shiftOf(index + 1);
        return shifted + Math.abs(shifted) * roundingOfF32;
      }),
    });
    let made: Promise<Bounds> | null = null;
    return new ItemRanking(
      async (read) => read(await (made ??= this.bounds(shift))),
      (row) => this.scoreOnce(row) + shiftOf(row),
    );
  }

  private bestWithin({ values, placesFrom }: Bounds, count: number, isCandidate: (row: number) => boolean) {
    for (let bounded = 2 * count + 30; ; bounded *= 2) {
      const possible = rank(values, bounded, isCandidate, placesFrom);
      const best = new BestRows(count);
      for (const { row, score: bound } of possible) {
        if (bound < best.least) return best.inOrder(); // as are all behind it
        best.offer(row, this.scoreOnce(row));
      }
      if (possible.length < bounded) return best.inOrder();
    }
  }

  private scoreOnce(row: number): number {
    const score = this.scores.get(row) ?? this.scoreOf(row);
    this.scores.set(row, score);
    return score;
  }
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
