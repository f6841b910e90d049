/**
 * What outcomes are to bring, asked of a trained network:
 *
 *   liked quality   HR@10 and NDCG@10 of the cases whose target turned out to be liked
 *   pair order      of a user's later interactions: the share of pairs of a liked and a disliked item that the scores after the whole
 *                   history put in the right order, mean over the users who have such a pair
 */
import type { Blend } from '../../src/model/checkpoint.js';
import { addGains, gainsOf, type Transitions } from '../../src/model/rules.js';
import { quality, type Quality } from '../../src/training/evaluation/metrics.js';
import type { Scoring } from '../../src/training/evaluation/scoring.js';
import { sequenceOf, type UserSequences } from '../../src/training/log/sequences.js';
import { recentOf } from '../../src/training/evaluation/transitions.js';

/** 1 liked, -1 disliked, 0 neither */
export type Liking = (value: number) => -1 | 0 | 1;

/** A network's scores with the blend's part, as they are served. */
export function blended(scoring: Scoring, table: Transitions, blend: Blend): Scoring {
  if (blend.weight === 0 && blend.repeat === 0) return scoring;
  return (histories, visit, beside) => {
    const withRules = (index: number, scores: Float32Array): void => {
      addGains(scores.subarray(1), gainsOf(table, recentOf(histories[index] ?? new Int32Array()), blend));
      visit(index, scores);
    };
    scoring(histories, withRules, beside);
  };
}

/** The same scores, computed once for each history; for a few hundred users. */
export function remembering(scoring: Scoring): Scoring {
  const known = new Map<Int32Array, Float32Array>();
  return (histories, visit, beside = []) => {
    if (!histories.every((history) => known.has(history))) {
      const keep = (index: number, scores: Float32Array): void =>
        void known.set(histories[index] ?? new Int32Array(), scores.slice());
      scoring(histories, keep, beside);
    }
    histories.forEach((history, index) => {
      visit(index, known.get(history)?.slice() ?? new Float32Array());
    });
  };
}

/** `values` are those of the targets that have these ranks. */
export function likedQuality(
  ranks: readonly number[],
  values: ArrayLike<number>,
  liking: Liking,
): Quality & { readonly cases: number } {
  const liked = ranks.filter((_, at) => liking(values[at] ?? Number.NaN) === 1);
  return { ...quality(liked), cases: liked.length };
}

/** Users stand at the same places in both; rows are those of the network, 0 an item that it does not know: such later ones are left out. */
export function laterPairOrder(
  scoring: Scoring,
  histories: readonly Int32Array[],
  later: Pick<UserSequences, 'offsets' | 'rows' | 'values'>,
  liking: Liking,
): { readonly order: number; readonly users: number } {
  const users = [...histories.keys()].filter((user) => (histories[user]?.length ?? 0) > 0);
  const orders: number[] = [];
  scoring(
    histories.filter((history) => history.length > 0),
    (index, scores) => {
      const user = users[index] ?? -1;
      const values = later.values.subarray(later.offsets[user], later.offsets[user + 1]);
      const scoresOf = (wanted: -1 | 1): number[] =>
        [...sequenceOf(later, user)].flatMap((row, at) =>
          row > 0 && liking(values[at] ?? Number.NaN) === wanted ? [scores[row] ?? Number.NaN] : [],
        );
      orders.push(pairOrder(scoresOf(1), scoresOf(-1)));
    },
  );
  const asked = orders.filter((order) => !Number.isNaN(order));
  return { order: asked.reduce((sum, order) => sum + order, 0) / asked.length, users: asked.length };
}

/** Share of the pairs of a liked and a disliked item with the liked one's score above; equal scores count half. NaN: no pair. */
export function pairOrder(liked: readonly number[], disliked: readonly number[]): number {
  let right = 0;
  for (const above of liked) {
    for (const below of disliked) right += above > below ? 1 : above === below ? 0.5 : 0;
  }
  return right / (liked.length * disliked.length);
}
