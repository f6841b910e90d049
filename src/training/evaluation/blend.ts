/**
 * The late blend: how much the sequential rules add to the network's scores. Nothing changes in training; weight w
 * and scale c of
 *
 *   score(j) + w log(1 + c rules_t(j))
 *
 * are, at the place power that the recipe has, the pair with the best validation NDCG@10 of a grid. A smaller weight wins a tie, so that rules which don't
 * help are switched off.
 */
import type { Blend } from '../../model/checkpoint.js';
import { blendRules, type Transitions } from '../../model/rules.js';
import { sequentialRules } from './baselines.js';
import { Judgement } from './judgement.js';
import { quality, type Quality } from './metrics.js';
import { eachCase, type Scoring } from './scoring.js';
import type { Hyperparameters } from '../hyperparameters.js';
import type { ItemSequences } from '../log/sequences.js';
import type { Case } from '../log/split.js';
import { allRulesAfter, rulesAfter } from './transitions.js';

const weights = [0, 0.2, 0.4, 0.6, 0.8, 1.1, 1.6, 2.2, 3, 4, 6, 9];
const scales = [0.3, 1, 3, 8, 20];

const grid: readonly Pick<Blend, 'weight' | 'scale'>[] = weights.flatMap((weight) =>
  weight === 0 ? [{ weight, scale: 1 }] : scales.map((scale) => ({ weight, scale })),
);

/** The rules that a model serves, as its recipe counts them. */
export function servedRules(training: ItemSequences, items: number, recipe: Hyperparameters): Transitions {
  return sequentialRules(training, items, {
    limit: recipe.rulesPerItem,
    backward: recipe.rulesBackward,
    gapPower: recipe.rulesGapPower,
    targetPower: recipe.rulesTargetPower,
  });
}

/** Figures of the network's scores with the rules added, as src/model serves them, and of the bare ones. */
export interface BlendFigures {
  readonly model: Quality;
  readonly modelWithoutBlend: Quality;
}

/** The best pair of the grid and what it gives, in one pass over the cases. */
export function chooseBlend(
  scoring: Scoring,
  table: Transitions,
  placePower: number,
  cases: readonly Case[],
): BlendFigures & { readonly blend: Blend } {
  const ranks = grid.map(() => new Array<number>(cases.length).fill(Number.POSITIVE_INFINITY));
  eachCase(scoring, cases, (index, scores, one) => {
    if (one.target === 0) return;
    ranksOverGrid(scores, allRulesAfter(table, one.history, { placePower }), one).forEach((rank, at) => {
      (ranks[at] ?? [])[index] = rank;
    });
  });
  const figures = ranks.map(quality);
  const best = Math.max(...figures.map(({ ndcgAt10 }) => ndcgAt10));
  const chosen = figures.findIndex(({ ndcgAt10 }) => ndcgAt10 === best);
  const none: Quality = { hrAt10: 0, ndcgAt10: 0 };
  return {
    blend: { ...(grid[chosen] ?? { weight: 0, scale: 1 }), placePower },
    model: figures[chosen] ?? none,
    modelWithoutBlend: figures[0] ?? none,
  };
}

/** What a blend gives on other cases, beside the bare network. */
export function judgeBlend(
  scoring: Scoring,
  table: Transitions,
  blend: Blend,
  cases: readonly Case[],
): { readonly model: Judgement; readonly modelWithoutBlend: Judgement } {
  const items = table.offsets.length - 2;
  const model = new Judgement(cases.length, items);
  const modelWithoutBlend = new Judgement(cases.length, items);
  eachCase(scoring, cases, (index, scores, one) => {
    modelWithoutBlend.take(index, scores, one);
    if (blend.weight > 0) blendRules(scores.subarray(1), rulesAfter(table, one.history, blend), blend);
    model.take(index, scores, one);
  });
  return { model, modelWithoutBlend };
}

/**
 * The target's rank for each pair of the grid. Only two kinds of items can stand before it: those with rules, and
 * those without whose score reaches the target's bare one, since the blend never lowers the target. The latter, up to
 * the whole catalogue, are looked at once, not once a pair: by how many of the pairs' bars they reach.
 */
function ranksOverGrid(scores: Float32Array, rules: Float64Array, { excluded, target }: Case): number[] {
  const mine = scores[target] ?? 0;
  const rule = rules[target] ?? 0;
  const bars = grid.map(({ weight, scale }) => Math.fround(mine + weight * Math.log1p(scale * rule)));
  const ascending = Float64Array.from(bars).sort();
  const reaching = new Int32Array(bars.length + 1); //          items by the number of bars they reach
  const out = new Set(excluded).add(target).add(0);
  const withRules: { readonly score: number; readonly rule: number }[] = [];
  for (let row = 1; row < scores.length; row++) {
    const score = scores[row] ?? 0;
    const rule = rules[row] ?? 0;
    if (rule === 0 && score < mine) continue;
    if (out.has(row)) continue;
    if (rule > 0) withRules.push({ score, rule });
    else {
      const reached = reachedBy(score, ascending);
      reaching[reached] = (reaching[reached] ?? 0) + 1;
    }
  }
  const logs = new Map(scales.map((scale) => [scale, withRules.map(({ rule }) => Math.log1p(scale * rule))]));
  return grid.map(({ weight, scale }, pair) => {
    const bar = bars[pair] ?? 0;
    const added = logs.get(scale) ?? [];
    let rank = reaching.subarray(reachedBy(bar, ascending)).reduce((sum, count) => sum + count, 0);
    withRules.forEach(({ score }, at) => {
      if (Math.fround(score + weight * (added[at] ?? 0)) >= bar) rank++;
    });
    return rank;
  });
}

/** How many of the bars a score reaches. */
function reachedBy(score: number, ascending: Float64Array): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
