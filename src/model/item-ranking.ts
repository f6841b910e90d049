/**
 * The best items for one query, exactly, without the exact score of each: bounds of all items say which can be among the best, and only
 * those are scored. Asked for more than before, it goes on from the same bounds.
 */
import { BestRows, rank, type PlacesFrom, type Ranked } from './rank.js';

export interface Ranking {
  /** The best items that are candidates, best first, of equals the lower row; fewer where there are fewer candidates. */
  best(count: number, isCandidate: (row: number) => boolean): readonly Ranked[];
  /** The same with so much more for each row. */
  shifted(shiftOf: (row: number) => number): Ranking;
}

/** None is below its item's score, row j at j - 1. */
export interface Bounds {
  readonly values: Float32Array;
  /** where there is a faster way to find them than to look at each */
  readonly placesFrom?: PlacesFrom;
}

/** Twice the largest relative error of a number as f32. */
export const roundingOfF32 = 2 ** -23;

export class ItemRanking implements Ranking {
  private readonly scores = new Map<number, number>();

  /** `bounds`: asked for each time; they hold until others are asked for. */
  constructor(
    private readonly bounds: () => Bounds,
    private readonly scoreOf: (row: number) => number,
  ) {}

  best(count: number, isCandidate: (row: number) => boolean): readonly Ranked[] {
    if (count <= 0) return [];
    const { values, placesFrom } = this.bounds();
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

  shifted(shiftOf: (row: number) => number): Ranking {
    // a bound that was rounded down would be none
    const values = this.bounds().values.map((bound, index) => {
      const shifted = bound + shiftOf(index + 1);
      return shifted + Math.abs(shifted) * roundingOfF32;
    });
    return new ItemRanking(
      () => ({ values }),
      (row) => this.scoreOnce(row) + shiftOf(row),
    );
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
    best: (count, isCandidate) => rank(scores, count, isCandidate),
    shifted: (shiftOf) => rankingOf(scores.map((score, index) => score + shiftOf(index + 1))),
  };
}

/** Two one behind the other: the second's row 1 is row `rows` + 1 of both. */
export function joinedRanking(first: Ranking, rows: number, second: Ranking): Ranking {
  return {
    best: (count, isCandidate) => {
      const best = new BestRows(count);
      for (const { row, score } of first.best(count, isCandidate)) best.offer(row, score);
      for (const { row, score } of second.best(count, (row) => isCandidate(rows + row))) best.offer(rows + row, score);
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
