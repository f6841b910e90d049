/**
 * Scores to ranking: score all items, leave out what may not be shown, cut off after the best.
 *
 *   score(j) = u . O[j] + b[j]     for every row j = 1 .. N-1, an exact scan over the table of the output, see `embedding`
 *
 * The order is total: a higher score first, of equal scores the lower row. So a ranking is the same on every machine, and the
 * ranking of a smaller cutoff is the beginning of that of a larger one.
 */
import { affine } from './matrix.js';
import type { Affine } from './matrix.js';

export interface Ranked {
  readonly row: number;
  readonly score: number;
}

/** The output layer is tied: rows 1 .. N-1 of O [N d] are its weights, output by output. */
export function outputLayer(table: Float32Array, width: number, bias: Float32Array): Affine {
  return { inputs: width, outputs: bias.length, weights: table.subarray(width), bias };
}

/** The score of each item for a query vector u [d]; row j lies at j - 1. */
export function scoreAll(output: Affine, u: Float32Array): Float32Array {
  return affine({ rows: 1, width: u.length, data: u }, output).data;
}

/** The best `cutoff` items, best first; fewer where fewer are candidates. */
export function rank(
  scores: Float32Array,
  cutoff: number,
  isCandidate: (row: number) => boolean = () => true,
): readonly Ranked[] {
  const heap: Ranked[] = []; // the worst of the best on top
  for (let at = 0; at < scores.length && cutoff > 0; at++) {
    const score = scores[at] as number;
    if (Number.isNaN(score)) throw new Error(`the score of row ${at + 1} is not a number`);
    const worst = heap[0];
    const isFull = heap.length >= cutoff;
    if (isFull && worst !== undefined && score <= worst.score) continue; // an equal score of a higher row stays out
    if (!isCandidate(at + 1)) continue;
    const entry = { row: at + 1, score };
    if (isFull) sinkFromTop(heap, entry);
    else rise(heap, entry);
  }
  return heap.sort((a, b) => (isWorse(a, b) ? 1 : -1));
}

function isWorse(a: Ranked, b: Ranked): boolean {
  return a.score < b.score || (a.score === b.score && a.row > b.row);
}

/** Adds an entry at the end of the heap and lets it rise over better ones. */
function rise(heap: Ranked[], entry: Ranked): void {
  let at = heap.length;
  for (;;) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isWorse(entry, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

/** Replaces the top of the heap and lets the entry sink under worse ones. */
function sinkFromTop(heap: Ranked[], entry: Ranked): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const worse = left !== undefined && right !== undefined && isWorse(right, left) ? right : left;
    if (worse === undefined || !isWorse(worse, entry)) break;
    heap[at] = worse;
    at = 2 * at + (worse === left ? 1 : 2);
  }
  heap[at] = entry;
}
