/** What one system did in a test: where each target stood, and how often each item stood in a first ten. */
import { bestRows } from './exposure.js';
import { quality, rankOf, type Quality } from './metrics.js';
import { eachCase, type Scores, type Scoring } from './scoring.js';
import type { Case } from '../log/split.js';

const listLength = 10;

export class Judgement {
  /** of each case */
  readonly ranks: Float64Array;
  /** by item row */
  readonly shown: Int32Array;

  constructor(cases: number, items: number) {
    this.ranks = new Float64Array(cases).fill(Number.POSITIVE_INFINITY);
    this.shown = new Int32Array(items + 1);
  }

  take(index: number, scores: Scores, { target, excluded }: Case): void {
    this.ranks[index] = rankOf(scores, target, excluded);
    for (const row of bestRows(scores, listLength, excluded)) this.shown[row] = (this.shown[row] ?? 0) + 1;
  }

  quality(): Quality {
    return quality(this.ranks);
  }
}

export function judge<S extends Scores>(scoring: Scoring<S>, cases: readonly Case[], items: number): Judgement {
  const judgement = new Judgement(cases.length, items);
  eachCase(scoring, cases, (index, scores, one) => {
    judgement.take(index, scores, one);
  });
  return judgement;
}
