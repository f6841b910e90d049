/**
 * What a model has to beat, counted on the same training data and ranked in the same way: popularity, first-order
 * Markov, sequential rules. Equal scores of the counted transitions are ordered by popularity.
 */
import { recentItems } from '../../model/dimensions.js';
import type { Transitions } from '../../model/rules.js';
import type { Scoring } from './scoring.js';
import type { ItemSequences } from '../log/sequences.js';
import { countTransitions, frequencies, allRulesAfter, type Counting } from './transitions.js';

const ruleGap = 10;
/** Transitions a row of a baseline's table: bounds the memory for large logs and changes no figure. */
const tableLimit = 1000;

/** Those of the baseline, or as `counting` has them. */
export function sequentialRules(training: ItemSequences, items: number, counting: Partial<Counting> = {}): Transitions {
  return countTransitions(training, items, { gap: ruleGap, limit: tableLimit, ...counting });
}

export function popularity(training: ItemSequences, items: number): Scoring<Float64Array> {
  const counts = frequencies(training, items);
  return scoredBy(items, (scores) => {
    scores.set(counts);
  });
}

export function markov(training: ItemSequences, items: number): Scoring<Float64Array> {
  return byTransitions(countTransitions(training, items, { gap: 1, limit: tableLimit }), 1, training, items);
}

export function rules(table: Transitions, training: ItemSequences, items: number): Scoring<Float64Array> {
  return byTransitions(table, recentItems, training, items);
}

function byTransitions(
  table: Transitions,
  window: number,
  training: ItemSequences,
  items: number,
): Scoring<Float64Array> {
  const tieBreak = tieBreaks(training, items);
  return scoredBy(items, (scores, history) => {
    const rule = allRulesAfter(table, history, { window });
    for (let row = 0; row <= items; row++) scores[row] = (rule[row] ?? 0) + (tieBreak[row] ?? 0);
  });
}

function scoredBy(items: number, score: (scores: Float64Array, history: Int32Array) => void): Scoring<Float64Array> {
  return (histories, visit) => {
    const scores = new Float64Array(items + 1);
    histories.forEach((history, index) => {
      score(scores, history);
      visit(index, scores);
    });
  };
}

/** Popularity, made smaller than any difference between counted transitions. */
function tieBreaks(training: ItemSequences, items: number): Float64Array {
  const counts = frequencies(training, items);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  return Float64Array.from(counts, (count) => (count / (most + 1)) * 1e-9);
}
