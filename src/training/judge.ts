/**
 * Judges one ranker case by case: where the target stands and which ten items an answer would show. The figures come at the end:
 * accuracy with intervals, what the answers show together, and accuracy by how well the target is known and how long the history is.
 */
import { rank } from '../model/rank.js';
import { exposureOf, type Exposure } from './exposure.js';
import { bootstrap, type Interval } from './interval.js';
import { mrrAt, quality, rankOf, type Quality } from './metrics.js';
import type { Scores } from './scoring.js';
import type { Case } from './split.js';

/** Cases whose number lies in from .. to; null: no upper end. */
export interface Group extends Quality {
  readonly from: number;
  readonly to: number | null;
  readonly users: number;
}

export interface Figures extends Quality, Exposure {
  readonly mrrAt10: number;
  readonly hrAt10Interval: Interval;
  readonly ndcgAt10Interval: Interval;
  /** by the training interactions of the target; 0: an item that no model can know */
  readonly byTargetInteractions: readonly Group[];
  /** by the interactions before the target */
  readonly byHistoryLength: readonly Group[];
}

const cutoff = 10;
const targetEdges = [0, 1, 6, 51];
const historyEdges = [1, 10, 50, 200];

export class Judge {
  private readonly ranks: number[] = [];
  private readonly known: number[] = [];
  private readonly lengths: number[] = [];
  private readonly shown: Float64Array;

  /** `popularity`: training interactions by item row [N]. */
  constructor(private readonly popularity: Float32Array) {
    this.shown = new Float64Array(popularity.length);
  }

  /** Scores of all items by row; row 0 means nothing. */
  add(scores: Scores, { target, history }: Case): void {
    this.ranks.push(rankOf(scores, target, history));
    this.known.push(target > 0 ? (this.popularity[target] ?? 0) : 0);
    this.lengths.push(history.length);
    const seen = new Set(history);
    for (const { row } of rank(scores.subarray(1), cutoff, (row) => !seen.has(row))) {
      this.shown[row] = (this.shown[row] ?? 0) + 1;
    }
  }

  /** `seed` draws the users of the intervals. */
  figures(seed: number): Figures {
    const { ranks } = this;
    const interval = (of: (ranks: readonly number[]) => number): Interval =>
      bootstrap(
        Float64Array.from(ranks, (one) => of([one])),
        seed,
      );
    return {
      ...quality(ranks),
      mrrAt10: mrrAt(cutoff, ranks),
      hrAt10Interval: interval((one) => quality(one).hrAt10),
      ndcgAt10Interval: interval((one) => quality(one).ndcgAt10),
      ...exposureOf(this.shown, this.popularity),
      byTargetInteractions: groups(ranks, this.known, targetEdges),
      byHistoryLength: groups(ranks, this.lengths, historyEdges),
    };
  }
}

/** Groups without a case are left out. */
function groups(ranks: readonly number[], numbers: readonly number[], edges: readonly number[]): readonly Group[] {
  return edges.flatMap((from, at) => {
    const next = edges[at + 1] ?? Infinity;
    const own = ranks.filter((_, index) => (numbers[index] ?? 0) >= from && (numbers[index] ?? 0) < next);
    if (own.length === 0) return [];
    return [{ from, to: next === Infinity ? null : next - 1, users: own.length, ...quality(own) }];
  });
}
