/**
 * Scores to ranking: score all items, leave out what may not be shown, cut off after the best.
 *
 *   score(j) = u . O[j] + b[j]     for every row j = 1 .. N-1, an exact scan over the table of the output, see `embedding`
 *
 * The order is total: a higher score first, of equal scores the lower row. So a ranking is the same on every machine, and the
 * ranking of a smaller cutoff is the beginning of that of a larger one.
 */

/** The output layer, tied to the table. */
export interface Output {
  /** rows 1 .. N-1 of O [N-1 d] */
  readonly vectors: Float32Array;
  readonly bias: Float32Array;
}

export interface Ranked {
  readonly row: number;
  readonly score: number;
}

/** Rows 1 .. N-1 of O [N d], and a bias for each. */
export function outputLayer(table: Float32Array, width: number, bias: Float32Array): Output {
  return { vectors: table.subarray(width), bias };
}

/** The score of each item for a query vector u [d]; row j lies at j - 1. Four sums at a time, which do not wait for each other, in f64. */
export function scoreAll({ vectors, bias }: Output, u: Float32Array): Float32Array {
  const scores = new Float32Array(bias.length);
  const d = u.length;
  let item = 0;
  for (; item + 4 <= scores.length; item += 4) {
    const [o0, o1, o2, o3] = [item * d, (item + 1) * d, (item + 2) * d, (item + 3) * d] as const;
    let s0 = bias[item] as number;
    let s1 = bias[item + 1] as number;
    let s2 = bias[item + 2] as number;
    let s3 = bias[item + 3] as number;
    for (let at = 0; at < d; at++) {
      const value = u[at] as number;
      s0 += value * (vectors[o0 + at] as number);
      s1 += value * (vectors[o1 + at] as number);
      s2 += value * (vectors[o2 + at] as number);
      s3 += value * (vectors[o3 + at] as number);
    }
    scores[item] = s0;
    scores[item + 1] = s1;
    scores[item + 2] = s2;
    scores[item + 3] = s3;
  }
  for (; item < scores.length; item++) {
    let sum = bias[item] as number;
    for (let at = 0; at < d; at++) sum += (u[at] as number) * (vectors[item * d + at] as number);
    scores[item] = sum;
  }
  return scores;
}

/** The score of one row, as `scoreAll` has it. */
export function scoreOf(output: Output, u: Float32Array, row: number): number {
  return Math.fround(sumOf(output, u, row, output.bias[row - 1] as number));
}

/** u . O[row] */
export function dotOf(output: Output, u: Float32Array, row: number): number {
  return sumOf(output, u, row, 0);
}

function sumOf({ vectors }: Output, u: Float32Array, row: number, start: number): number {
  const begin = (row - 1) * u.length;
  let sum = start;
  for (let at = 0; at < u.length; at++) sum += (u[at] as number) * (vectors[begin + at] as number);
  return sum;
}

/** |O[row]| */
export function lengthOf({ vectors }: Output, d: number, row: number): number {
  let squares = 0;
  for (let at = (row - 1) * d; at < row * d; at++) squares += (vectors[at] as number) * (vectors[at] as number);
  return Math.fround(Math.sqrt(squares));
}

/** The best `cutoff` items, best first; fewer where fewer are candidates. */
export function rank(
  scores: Float32Array,
  cutoff: number,
  isCandidate: (row: number) => boolean = () => true,
): readonly Ranked[] {
  if (cutoff <= 0) return [];
  const least = scores.length < fewestToSample ? -Infinity : likelyLeastOf(scores, cutoff, isCandidate);
  const best = bestFrom(least, scores, cutoff, isCandidate);
  // where there are so many, whatever else there is lies below all of them
  return best.length === cutoff || least === -Infinity ? best : bestFrom(-Infinity, scores, cutoff, isCandidate);
}

function likelyLeastOf(scores: Float32Array, cutoff: number, isCandidate: (row: number) => boolean): number {
  const step = Math.floor(scores.length / samples);
  const sample = Float32Array.from({ length: samples }, (_, at) => scores[at * step] as number);
  return likelyLeast(sample, (at) => isCandidate(at * step + 1), scores.length, cutoff);
}

/** So many scores are looked at before the others, to tell which are worth a look. */
export const samples = 1_024;
export const fewestToSample = 8 * samples;
/** Where fewer of them are above a score, they tell too little of how many of all are. */
const fewestAbove = 5;

/** A score that a few times `cutoff` of the candidates reach among `total`, by a sample of these; -Infinity: it tells none. */
export function likelyLeast(
  sample: Float32Array,
  isCandidateAt: (place: number) => boolean,
  total: number,
  cutoff: number,
): number {
  const above = Math.max(fewestAbove, Math.ceil((sample.length * (3 * cutoff + 64)) / total));
  if (above > sample.length) return -Infinity;
  const highest = new Float32Array(above).fill(-Infinity); // rising
  for (let at = 0; at < sample.length; at++) {
    const score = sample[at] as number;
    if (!(score > (highest[0] as number)) || !isCandidateAt(at)) continue;
    let place = 1;
    for (; place < above && score > (highest[place] as number); place++) highest[place - 1] = highest[place] as number;
    highest[place - 1] = score;
  }
  return highest[0] as number;
}

/** Of those that reach `least`. */
function bestFrom(
  least: number,
  scores: Float32Array,
  cutoff: number,
  isCandidate: (row: number) => boolean,
): readonly Ranked[] {
  const best = new BestRows(cutoff);
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] as number;
    if (score < least || score <= best.least) continue; // an equal score of a higher row stays out
    if (Number.isNaN(score)) throw new Error(`the score of row ${at + 1} is not a number`);
    if (isCandidate(at + 1)) best.offer(at + 1, score);
  }
  return best.inOrder();
}

/** The best of the rows that are offered, `most` of them, in a heap whose top is the worst. */
export class BestRows {
  /** the score of the worst of them, once there are so many: what is below is none of them; until then no number */
  least = Number.NaN;
  private readonly heap: Ranked[] = [];

  constructor(private readonly most: number) {}

  offer(row: number, score: number): void {
    const { heap, most } = this;
    const top = heap[0];
    if (heap.length < most) rise(heap, { row, score });
    else if (top !== undefined && isWorse(top, row, score)) sinkFromTop(heap, { row, score });
    if (heap.length === most) this.least = heap[0]?.score ?? Number.NaN;
  }

  /** The best first, of equal scores the lower row. */
  inOrder(): readonly Ranked[] {
    return [...this.heap].sort((a, b) => (isWorse(a, b.row, b.score) ? 1 : -1));
  }
}

/** Than another row with its score. */
function isWorse(a: Ranked, row: number, score: number): boolean {
  return a.score < score || (a.score === score && a.row > row);
}

/** Adds an entry at the end of the heap and lets it rise over better ones. */
function rise(heap: Ranked[], entry: Ranked): void {
  let at = heap.length;
  for (;;) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isWorse(entry, above.row, above.score)) break;
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
    const worse = left !== undefined && right !== undefined && isWorse(right, left.row, left.score) ? right : left;
    if (worse === undefined || !isWorse(worse, entry.row, entry.score)) break;
    heap[at] = worse;
    at = 2 * at + (worse === left ? 1 : 2);
  }
  heap[at] = entry;
}
