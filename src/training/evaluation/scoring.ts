/** How anything that ranks is asked for its scores: the network, the network with the rules blend, each baseline. */
import { rankOf } from './metrics.js';
import type { Beside } from '../log/event-context.js';
import type { Case } from '../log/split.js';

/** Scores of all items by row; counted ones need more digits than those of the network. */
export type Scores = Float32Array | Float64Array;

/**
 * Calls `visit` once for each history, in any order, with the scores of all items by row (row 0 means nothing).
 * `visit` may change the scores, and must not keep them. `beside`: kinds and times of each history, for a network that looks at them.
 */
export type Scoring<S extends Scores = Float32Array> = (
  histories: readonly Int32Array[],
  visit: (index: number, scores: S) => void,
  beside?: readonly (Beside | undefined)[],
) => void;

/** The same for cases. */
export function eachCase<S extends Scores>(
  scoring: Scoring<S>,
  cases: readonly Case[],
  visit: (index: number, scores: S, one: Case) => void,
): void {
  scoring(
    cases.map(({ history }) => history),
    (index, scores) => {
      const one = cases[index];
      if (one === undefined) throw new Error(`there is no case ${index}`);
      visit(index, scores, one);
    },
    cases.map(({ beside }) => beside),
  );
}

/** The rank of each case's target. */
export function ranksOf<S extends Scores>(scoring: Scoring<S>, cases: readonly Case[]): number[] {
  const ranks = new Array<number>(cases.length).fill(Number.POSITIVE_INFINITY);
  eachCase(scoring, cases, (index, scores, { target, excluded }) => {
    ranks[index] = rankOf(scores, target, excluded);
  });
  return ranks;
}
