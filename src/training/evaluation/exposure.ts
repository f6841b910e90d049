/**
 * Which items a system shows at all: figures of its lists, whatever the targets. They are made of `shown`, how often each item
 * row stood in a list; row 0 is no item.
 */
import type { Scores } from './scoring.js';

/** The rows of the best `cutoff` items that are not left out, best first; of equal scores the lower row first, as it is served. */
export function bestRows(scores: Scores, cutoff: number, excluded: Int32Array): number[] {
  const out = new Set(excluded);
  const rows: number[] = [];
  let bar = Number.NEGATIVE_INFINITY; //                        what the worst of a full list has
  for (let row = 1; row < scores.length; row++) {
    const score = scores[row] ?? Number.NaN;
    if (!(score > bar) || out.has(row)) continue;
    let place = rows.length;
    while (place > 0 && (scores[rows[place - 1] ?? 0] ?? 0) < score) place--;
    rows.splice(place, 0, row);
    if (rows.length > cutoff) rows.pop();
    if (rows.length === cutoff) bar = scores[rows[cutoff - 1] ?? 0] ?? 0;
  }
  return rows;
}

/** Catalogue coverage (Herlocker et al., 2004; Ge et al., 2010): share of the items that stand in at least one list. */
export function coverage(shown: Int32Array): number {
  const items = shown.length - 1;
  let covered = 0;
  for (let row = 1; row <= items; row++) if ((shown[row] ?? 0) > 0) covered++;
  return items <= 0 ? 0 : covered / items;
}

/**
 * Overlap of the lists: the mean share of a list that another one has too, over all pairs of n lists; an item that stands in s of them
 * is shared by s (s - 1) / 2 pairs:
 *
 *   O = sum_j s(j) (s(j) - 1) / (n - 1) / sum_j s(j)      0: no two have anything in common, 1: all are the same
 */
export function overlap(shown: Int32Array, lists: number): number {
  let shared = 0;
  let places = 0;
  for (let row = 1; row < shown.length; row++) {
    const times = shown[row] ?? 0;
    shared += times * (times - 1);
    places += times;
  }
  return lists < 2 || places === 0 ? 0 : shared / (lists - 1) / places;
}

/**
 * Gini index of how often the n items are shown (Shani & Gunawardana, 2011), shares p ascending:
 *
 *   G = 1 / (n - 1) sum_j (2 j - n - 1) p(j)      0: all alike, 1: always the same item
 */
export function gini(shown: Int32Array): number {
  const counts = shown.slice(1).sort();
  const n = counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (n < 2 || total === 0) return 0;
  let sum = 0;
  counts.forEach((count, index) => {
    sum += (2 * (index + 1) - n - 1) * count;
  });
  return sum / ((n - 1) * total);
}

/**
 * Novelty (Zhou et al., 2010): mean self-information of what is shown, -log2 of the item's share of the training interactions,
 * in bits. An item without any is taken as one with one.
 */
export function novelty(shown: Int32Array, frequencies: ArrayLike<number>): number {
  let interactions = 0;
  for (let row = 1; row < shown.length; row++) interactions += frequencies[row] ?? 0;
  let bits = 0;
  let places = 0;
  for (let row = 1; row < shown.length; row++) {
    const times = shown[row] ?? 0;
    if (times === 0) continue;
    bits -= times * Math.log2(Math.max(1, frequencies[row] ?? 0) / Math.max(1, interactions));
    places += times;
  }
  return places === 0 ? 0 : bits / places;
}
