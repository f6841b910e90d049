/**
 * Sequential rules, blended into the scores late: nothing of them is in the training, and a weight of 0 switches them off.
 *
 *   C[a, b]     = sum over pairs "a, then b at a gap g <= 10" of g^-p, divided by freq(a)^.5 freq(b)^q   counted at training
 *   rules_t(b)  = sum over the user's last items a_1, a_2, ... a_10 of C[a_k, b] k^-r                    r: `placePower`
 *   score(b)   += w log(1 + c rules_t(b))                                                                w, c picked on validation
 *
 * A checkpoint keeps the strongest transitions of each row. Explainable by itself: after a_k people went on to b.
 */
import type { Blend } from './checkpoint.js';

export interface Transitions {
  /** the transitions of row a: entries offsets[a] up to, without, offsets[a + 1] */
  readonly offsets: Int32Array;
  /** rows b */
  readonly items: Int32Array;
  /** C[a, b] */
  readonly values: Float32Array;
}

/** rules_t by row, where it is not 0, of a user whose last rows are `recent`, newest first; 0 is a place without a known item. */
export function rulesOf(
  { offsets, items, values }: Transitions,
  recent: Int32Array,
  placePower: number,
): ReadonlyMap<number, number> {
  const rules = new Map<number, number>();
  recent.forEach((row, place) => {
    if (row === 0) return;
    const share = (place + 1) ** placePower;
    for (let entry = offsets[row] as number; entry < (offsets[row + 1] as number); entry++) {
      const item = items[entry] as number;
      rules.set(item, (rules.get(item) ?? 0) + (values[entry] as number) / share);
    }
  });
  return rules;
}

/** The same of one row b. */
export function ruleOf(
  { offsets, items, values }: Transitions,
  recent: Int32Array,
  placePower: number,
  item: number,
): number {
  let rule = 0;
  recent.forEach((row, place) => {
    if (row === 0) return;
    const share = (place + 1) ** placePower;
    for (let entry = offsets[row] as number; entry < (offsets[row + 1] as number); entry++) {
      if (items[entry] === item) rule += (values[entry] as number) / share;
    }
  });
  return rule;
}

/** Adds w log(1 + c rules_t) to the scores, in place; the score of row j lies at j - 1. */
export function blendRules(scores: Float32Array, rules: ReadonlyMap<number, number>, { weight, scale }: Blend): void {
  for (const [row, rule] of rules) scores[row - 1] = (scores[row - 1] as number) + weight * Math.log1p(scale * rule);
}
