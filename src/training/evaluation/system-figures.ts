/**
 * A system's figures of a test beyond HR@10 and NDCG@10: more cutoffs with 95 % intervals over users, what of the catalogue it
 * shows, and for whom and on which items it does well.
 */
import { estimates, type Estimate } from './bootstrap.js';
import { coverage, gini, novelty, overlap } from './exposure.js';
import type { Judgement } from './judgement.js';
import { discountedHitAt, hitAt, quality, reciprocalRankAt, type Quality } from './metrics.js';
import type { Case } from '../log/split.js';

/** Cases whose number lies in from .. to; `to` null: no end. */
export interface GroupFigures extends Quality {
  readonly from: number;
  readonly to: number | null;
  readonly cases: number;
}

export interface SystemFigures {
  readonly hrAt10: Estimate;
  readonly ndcgAt10: Estimate;
  readonly mrrAt10: Estimate;
  readonly recallAt20: Estimate;
  readonly mrrAt20: Estimate;
  /** of the first ten of every case, see `exposure` */
  readonly coverageAt10: number;
  readonly giniAt10: number;
  readonly noveltyAt10: number;
  readonly overlapAt10: number;
  /** by training interactions of the target: 0 is one that no model can know, below 5 is a cold item */
  readonly byTargetFrequency: readonly GroupFigures[];
  /** by items of the history */
  readonly byHistoryLength: readonly GroupFigures[];
}

/** Where the groups begin. */
const frequencyEdges = [0, 1, 5, 20, 100];
const lengthEdges = [1, 10, 50, 200];

const gains = {
  hrAt10: hitAt(10),
  ndcgAt10: discountedHitAt(10),
  mrrAt10: reciprocalRankAt(10),
  recallAt20: hitAt(20),
  mrrAt20: reciprocalRankAt(20),
};
type Gains = typeof gains;
const names = Object.keys(gains) as (keyof Gains)[];

/** Of several systems on the same cases: their intervals are of the same draws. */
export function systemFigures<Name extends string>(
  judgements: Readonly<Record<Name, Judgement>>,
  cases: readonly Case[],
  frequencies: Float32Array,
  seed: number,
): Readonly<Record<Name, SystemFigures>> {
  const systems = Object.keys(judgements) as Name[];
  const columns = systems.flatMap((system) => names.map((name) => judgements[system].ranks.map(gains[name])));
  const users = Int32Array.from(cases, ({ user }) => user);
  const all = estimates(columns, users, seed);
  const frequencyOf = ({ target }: Case): number => (target === 0 ? 0 : (frequencies[target] ?? 0));
  const lengthOf = ({ history }: Case): number => history.length;
  const figuresOf = (system: Name, at: number): SystemFigures => {
    const { ranks, shown } = judgements[system];
    const own = all.slice(at * names.length, (at + 1) * names.length);
    return {
      ...(Object.fromEntries(names.map((name, index) => [name, own[index]])) as Readonly<
        Record<keyof Gains, Estimate>
      >),
      coverageAt10: coverage(shown),
      giniAt10: gini(shown),
      noveltyAt10: novelty(shown, frequencies),
      overlapAt10: overlap(shown, cases.length),
      byTargetFrequency: grouped(ranks, cases.map(frequencyOf), frequencyEdges),
      byHistoryLength: grouped(ranks, cases.map(lengthOf), lengthEdges),
    };
  };
  const entries = systems.map((system, at) => [system, figuresOf(system, at)] as const);
  return Object.fromEntries(entries) as Readonly<Record<Name, SystemFigures>>;
}

/** Figures of the cases whose number lies between two edges. */
export function grouped(ranks: Float64Array, numbers: readonly number[], edges: readonly number[]): GroupFigures[] {
  return edges.map((from, index) => {
    const next = edges[index + 1];
    const own = ranks.filter((_, at) => {
      const number = numbers[at] ?? Number.NaN;
      return number >= from && (next === undefined || number < next);
    });
    return { from, to: next === undefined ? null : next - 1, cases: own.length, ...quality(own) };
  });
}
