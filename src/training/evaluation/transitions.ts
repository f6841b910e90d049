/**
 * Counted transitions: which items come after which. The sequential rules of the late blend and of the baseline,
 *
 *   C[a, b] = sum over pairs "a, then b at gap g <= G" of g^-p, divided by frequency(a)^.5 frequency(b)^q
 *   rules_t(b) = sum over the last items a_1, a_2, ... a_10 (newest first) of C[a_k, b] k^-r
 *
 * with G = 10, p = r = 1, q = 0 in the baseline and G = 1 in the first-order Markov baseline. The blend's rules stand beside a network that
 * knows what is liked and what comes next: they gain where they look further (smaller p and r) and less at what all take (q above 0).
 */
import { recentItems } from '../../model/dimensions.js';
import { rulesOf, type Transitions } from '../../model/rules.js';
import { userCount, type ItemSequences } from '../log/sequences.js';

export interface Counting {
  /** G, the largest gap of a pair */
  readonly gap: number;
  /** how many transitions a row keeps */
  readonly limit: number;
  /** what a pair counts in the other direction, "b, then a": where people wander to and fro, as in sessions, it finds more */
  readonly backward?: number;
  /** p */
  readonly gapPower?: number;
  /** q */
  readonly targetPower?: number;
}

/** The transitions of each row, strongest first. */
export function countTransitions(
  training: ItemSequences,
  items: number,
  { gap, limit, backward = 0, gapPower = 1, targetPower = 0 }: Counting,
): Transitions {
  const worth = Float64Array.from({ length: gap + 1 }, (_, distance) => 1 / distance ** gapPower);
  const counts = frequencies(training, items);
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
      for (let next = place + 1; next < end; next++) count(next, worth[next - place] ?? 0);
      const begin = backward === 0 ? place : Math.max(beginOf[place] ?? 0, place - gap);
      for (let earlier = begin; earlier < place; earlier++) count(earlier, backward * (worth[place - earlier] ?? 0));
    }
    if (targetPower > 0) for (const row of touched) sum[row] = (sum[row] ?? 0) * (counts[row] ?? 0) ** -targetPower;
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

/** Which items rules are taken from: the newest of a history, as many as a user's state keeps, each counted by its place. */
export interface Looking {
  readonly window?: number;
  /** r */
  readonly placePower?: number;
}

/** The last items of a history, newest first, as a user's state keeps them. */
export function recentOf(history: Int32Array, window = recentItems): Int32Array {
  return history.slice(-window).reverse();
}

/** rules_t of every row [N]. */
export function allRulesAfter(
  table: Transitions,
  history: Int32Array,
  { window = recentItems, placePower = 1 }: Looking = {},
): Float64Array {
  const rules = new Float64Array(table.offsets.length - 1);
  for (const [row, rule] of rulesOf(table, recentOf(history, window), placePower)) rules[row] = rule;
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
