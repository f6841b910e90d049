/**
 * Counted transitions: which items come after which. The sequential rules of the late blend and of the baseline,
 *
 *   C[a, b] = sum over pairs "a, then b at gap g <= 10" of 1 / g, divided by sqrt(frequency of a)
 *   rules_t(b) = sum over the last items a_1, a_2, ... a_10 (newest first) of C[a_k, b] / k
 *
 * and, with gaps of 1 alone, the first-order Markov baseline. `backward` is what a pair counts in the other direction, "b, then a":
 * nothing in the baselines; where people wander to and fro between like things, as in sessions, it finds more.
 */
import { recentItems } from '../../model/dimensions.js';
import { rulesOf, type Transitions } from '../../model/rules.js';
import { userCount, type ItemSequences } from '../log/sequences.js';

/** The transitions of each row, strongest first; `limit` is how many a row keeps. */
export function countTransitions(
  training: ItemSequences,
  items: number,
  gap: number,
  limit: number,
  backward = 0,
): Transitions {
  const occurrences = occurrencesOf(training, items);
  const beginOf = new Int32Array(training.rows.length); //      where the sequence of a place begins
  const endOf = new Int32Array(training.rows.length); //        and ends
  for (let user = 0; user < userCount(training); user++) {
    const [begin = 0, end = 0] = training.offsets.subarray(user, user + 2);
    beginOf.fill(begin, begin, end);
    endOf.fill(end, begin, end);
  }
  const offsets = new Int32Array(items + 2);
  const kept: { readonly rows: Int32Array; readonly values: Float32Array }[] = [];
  const sum = new Float64Array(items + 1);
  for (let item = 1; item <= items; item++) {
    const places = occurrences.places.subarray(occurrences.offsets[item], occurrences.offsets[item + 1]);
    const touched: number[] = [];
    const count = (place: number, weight: number) => {
      const row = training.rows[place] ?? 0;
      if (sum[row] === 0) touched.push(row);
      sum[row] = (sum[row] ?? 0) + weight;
    };
    for (const place of places) {
      const end = Math.min(endOf[place] ?? 0, place + gap + 1);
      for (let next = place + 1; next < end; next++) count(next, 1 / (next - place));
      const begin = backward === 0 ? place : Math.max(beginOf[place] ?? 0, place - gap);
      for (let earlier = begin; earlier < place; earlier++) count(earlier, backward / (place - earlier));
    }
    const rows = Int32Array.from(touched).sort();
    rows.sort((a, b) => (sum[b] ?? 0) - (sum[a] ?? 0)); //     stable: equal ones by row
    const strongest = rows.subarray(0, limit);
    const scale = 1 / Math.sqrt(Math.max(1, places.length));
    kept.push({ rows: strongest, values: Float32Array.from(strongest, (row) => (sum[row] ?? 0) * scale) });
    for (const row of touched) sum[row] = 0;
    offsets[item + 1] = (offsets[item] ?? 0) + strongest.length;
  }
  const total = offsets[items + 1] ?? 0;
  const table = { offsets, items: new Int32Array(total), values: new Float32Array(total) };
  kept.forEach(({ rows, values }, index) => {
    table.items.set(rows, offsets[index + 1]);
    table.values.set(values, offsets[index + 1]);
  });
  return table;
}

/** The first `limit` transitions of each row. */
export function strongest({ offsets, items, values }: Transitions, limit: number): Transitions {
  const shorter = new Int32Array(offsets.length);
  const lengthOf = (row: number) => Math.min(limit, (offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
  for (let row = 0; row + 1 < offsets.length; row++) shorter[row + 1] = (shorter[row] ?? 0) + lengthOf(row);
  const total = shorter.at(-1) ?? 0;
  const kept = { offsets: shorter, items: new Int32Array(total), values: new Float32Array(total) };
  for (let row = 0; row + 1 < offsets.length; row++) {
    const begin = offsets[row] ?? 0;
    kept.items.set(items.subarray(begin, begin + lengthOf(row)), shorter[row]);
    kept.values.set(values.subarray(begin, begin + lengthOf(row)), shorter[row]);
  }
  return kept;
}

/** rules_t by item row, where it is not 0: from the last items of a history, as they are kept in a user's state. */
export function rulesAfter(table: Transitions, history: Int32Array, window = recentItems): ReadonlyMap<number, number> {
  return rulesOf(table, history.slice(-window).reverse());
}

/** The same of every row [N]. */
export function allRulesAfter(table: Transitions, history: Int32Array, window = recentItems): Float64Array {
  const rules = new Float64Array(table.offsets.length - 1);
  for (const [row, rule] of rulesAfter(table, history, window)) rules[row] = rule;
  return rules;
}

/** How often each row occurs in the training sequences. */
export function frequencies(training: ItemSequences, items: number): Float32Array {
  const counts = new Float32Array(items + 1);
  for (const row of training.rows) counts[row] = (counts[row] ?? 0) + 1;
  return counts;
}

/** Places of each item in the training rows, as lists by item row. */
function occurrencesOf(training: ItemSequences, items: number): { offsets: Int32Array; places: Int32Array } {
  const offsets = new Int32Array(items + 2);
  for (const row of training.rows) offsets[row + 1] = (offsets[row + 1] ?? 0) + 1;
  for (let row = 0; row <= items; row++) offsets[row + 1] = (offsets[row + 1] ?? 0) + (offsets[row] ?? 0);
  const places = new Int32Array(training.rows.length);
  const filled = offsets.slice();
  training.rows.forEach((row, place) => {
    const at = filled[row] ?? 0;
    places[at] = place;
    filled[row] = at + 1;
  });
  return { offsets, places };
}
