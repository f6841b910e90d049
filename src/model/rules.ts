/**
 * What is blended into the scores late: sequential rules, and what people come back to. Nothing of it is in the training; a weight of 0
 * switches the rules off, a `repeat` of 0 the repeats, which matter only where seen items are answered again.
 *
 *   C[a, b]     = sum over pairs "a, then b at a gap g <= 10" of g^-p, divided by freq(a)^.5 freq(b)^q   counted at training
 *   rules_t(b)  = sum over the user's last items a_1, a_2, ... a_10 of C[a_k, b] k^-r                    r: `placePower`
 *   score(b)   += w log(1 + c rules_t(b))                                                                w, c picked on validation
 *   score(a_k) += R k^-r                          k >= 2: the newest place of an item behind the last    R: `repeat`, picked too
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

/** What the blend adds to the score of each row, where it adds something, of a user whose last rows are `recent`, newest first. */
export function gainsOf(transitions: Transitions, recent: Int32Array, blend: Blend): ReadonlyMap<number, number> {
  const { weight, scale, placePower, repeat } = blend;
  const gains = new Map<number, number>();
  if (weight > 0) {
    for (const [row, rule] of rulesOf(transitions, recent, placePower))
      gains.set(row, weight * Math.log1p(scale * rule));
  }
  if (repeat > 0) {
    for (const [row, worth] of repeatsOf(recent, placePower)) gains.set(row, (gains.get(row) ?? 0) + repeat * worth);
  }
  return gains;
}

/** The same of one row; 0: nothing. */
export function gainOf(transitions: Transitions, recent: Int32Array, blend: Blend, row: number): number {
  const { weight, scale, placePower, repeat } = blend;
  const rule = weight > 0 ? ruleOf(transitions, recent, placePower, row) : 0;
  const worth = repeat > 0 ? (repeatsOf(recent, placePower).get(row) ?? 0) : 0;
  return weight * Math.log1p(scale * rule) + repeat * worth;
}

/** k^-r by row, of the items behind the last one. */
export function repeatsOf(recent: Int32Array, placePower: number): ReadonlyMap<number, number> {
  const repeats = new Map<number, number>();
  recent.forEach((row, place) => {
    if (row !== 0 && place > 0 && recent.indexOf(row) === place) repeats.set(row, (place + 1) ** -placePower);
  });
  return repeats;
}

/** Adds gains to the scores, in place; the score of row j lies at j - 1. */
export function addGains(scores: Float32Array, gains: ReadonlyMap<number, number>): void {
  for (const [row, gain] of gains) scores[row - 1] = (scores[row - 1] as number) + gain;
}
