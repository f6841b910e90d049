/**
 * The late blend: how much sequential rules and repeats add to the network's scores. Nothing changes in training; weight w, scale c and
 * R of
 *
 *   score(j) + w log(1 + c rules_t(j)) + R repeats_t(j)
 *
 * are, at the place power that the recipe has, those with the best validation NDCG@10 of a grid. Smaller ones win a tie, so that what doesn't
 * help is switched off. Repeats are looked at only where a seen item can be the answer.
 */
import type { Blend } from '../../model/checkpoint.js';
import { addGains, gainsOf, repeatsOf, type Transitions } from '../../model/rules.js';
import { sequentialRules } from './baselines.js';
import { Judgement } from './judgement.js';
import { quality, type Quality } from './metrics.js';
import { eachCase, type Scoring } from './scoring.js';
import type { Hyperparameters } from '../hyperparameters.js';
import type { ItemSequences } from '../log/sequences.js';
import type { Case } from '../log/split.js';
import { allRulesAfter, recentOf } from './transitions.js';

const weights = [0, 0.2, 0.4, 0.6, 0.8, 1.1, 1.6, 2.2, 3, 4, 6, 9];
const scales = [0.3, 1, 3, 8, 20];

const repeatWeights = [0, 1, 2, 4, 6, 8, 11, 15];

type Point = Pick<Blend, 'weight' | 'scale' | 'repeat'>;

function gridOver(repeats: readonly number[]): readonly Point[] {
  const pairs = weights.flatMap((weight) =>
    weight === 0 ? [{ weight, scale: 1 }] : scales.map((scale) => ({ weight, scale })),
  );
  return repeats.flatMap((repeat) => pairs.map((pair) => ({ ...pair, repeat })));
}

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

/** The best point of the grid and what it gives, in one pass over the cases. */
export function chooseBlend(
  scoring: Scoring,
  table: Transitions,
  placePower: number,
  cases: readonly Case[],
): BlendFigures & { readonly blend: Blend } {
  const grid = gridOver(cases.some(isRepeat) ? repeatWeights : [0]);
  const ranks = grid.map(() => new Array<number>(cases.length).fill(Number.POSITIVE_INFINITY));
  eachCase(scoring, cases, (index, scores, one) => {
    if (one.target === 0) return;
    ranksOverGrid(grid, scores, raisedBy(table, one.history, placePower), one).forEach((rank, at) => {
      (ranks[at] ?? [])[index] = rank;
    });
  });
  const figures = ranks.map(quality);
  const best = Math.max(...figures.map(({ ndcgAt10 }) => ndcgAt10));
  const chosen = figures.findIndex(({ ndcgAt10 }) => ndcgAt10 === best);
  const none: Quality = { hrAt10: 0, ndcgAt10: 0 };
  return {
    blend: { ...(grid[chosen] ?? { weight: 0, scale: 1, repeat: 0 }), placePower },
    model: figures[chosen] ?? none,
    modelWithoutBlend: figures[0] ?? none,
  };
}

function isRepeat({ history, target, excluded }: Case): boolean {
  return target !== 0 && excluded.length === 0 && history.includes(target);
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
    addGains(scores.subarray(1), gainsOf(table, recentOf(one.history), blend));
    model.take(index, scores, one);
  });
  return { model, modelWithoutBlend };
}

/** What the blend looks at: rules_t [N], and the repeats by row. */
interface Raised {
  readonly rules: Float64Array;
  readonly repeats: ReadonlyMap<number, number>;
}

function raisedBy(table: Transitions, history: Int32Array, placePower: number): Raised {
  return {
    rules: allRulesAfter(table, history, { placePower }),
    repeats: repeatsOf(recentOf(history), placePower),
  };
}

/**
 * The target's rank for each point of the grid. Only two kinds of items can stand before it: those that the blend raises, and
 * those that it does not whose score reaches the target's bare one, since the blend never lowers the target. The latter, up to
 * the whole catalogue, are looked at once, not once a point: by how many of the points' bars they reach.
 */
function ranksOverGrid(
  grid: readonly Point[],
  scores: Float32Array,
  { rules, repeats }: Raised,
  { excluded, target }: Case,
): number[] {
  const mine = scores[target] ?? 0;
  const gainOf = ({ weight, repeat }: Point, log: number, worth: number): number => weight * log + repeat * worth;
  const [rule, worth] = [rules[target] ?? 0, repeats.get(target) ?? 0];
  const bars = grid.map((point) => Math.fround(mine + gainOf(point, Math.log1p(point.scale * rule), worth)));
  const ascending = Float64Array.from(bars).sort();
  const reaching = new Int32Array(bars.length + 1); //          items by the number of bars they reach
  const out = new Set(excluded).add(target).add(0);
  const raised = [...repeats]
    .filter(([row]) => !out.has(row))
    .map(([row, worth]) => ({ score: scores[row] ?? 0, rule: rules[row] ?? 0, worth }));
  for (const row of repeats.keys()) out.add(row);
  for (let row = 1; row < scores.length; row++) {
    const score = scores[row] ?? 0;
    const rule = rules[row] ?? 0;
    if (rule === 0 && score < mine) continue;
    if (out.has(row)) continue;
    if (rule > 0) raised.push({ score, rule, worth: 0 });
    else {
      const reached = reachedBy(score, ascending);
      reaching[reached] = (reaching[reached] ?? 0) + 1;
    }
  }
  const logs = new Map([1, ...scales].map((scale) => [scale, raised.map(({ rule }) => Math.log1p(scale * rule))]));
  return grid.map((point, at) => {
    const bar = bars[at] ?? 0;
    const log = logs.get(point.scale) ?? [];
    let rank = reaching.subarray(reachedBy(bar, ascending)).reduce((sum, count) => sum + count, 0);
    raised.forEach(({ score, worth }, which) => {
      if (Math.fround(score + gainOf(point, log[which] ?? 0, worth)) >= bar) rank++;
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
