/**
 * Item vectors that a training may start from: what occurs near what in the sequences, instead of chance. Where an item has few
 * interactions, these say more about it than an embedding learns from them in a training.
 *
 *   C[a, b]  = sum over pairs of a and b at a gap g <= 10 in a sequence, in either order, of 1 / g
 *   PPMI     = max(0, ln(C[a, b] n^(3/4) / (C[a, .] C[b, .]^(3/4)))),  n the sum of all C
 *   E        = U S^(1/2) R, of the truncated SVD of PPMI; R is a random orthogonal matrix, so that no number of a vector is special
 *
 * Positive pointwise mutual information with smoothed contexts, factorised (Levy, Goldberg, Dagan, "Improving distributional similarity
 * with lessons learned from word embeddings", 2015). The smoothed share of a context is left without its norm, which is a shift of
 * all logarithms: what occurs together hardly more often than by chance counts nothing. Measured on Amazon Beauty without attributes.
 */
import { Matrix } from 'ml-matrix';
import type { Dimensions } from '../../model/dimensions.js';
import { countTransitions, frequencies } from '../evaluation/transitions.js';
import type { ItemSequences } from '../log/sequences.js';
import { Random } from '../random.js';
import { orthogonal } from '../graph/parameters.js';
import { truncatedSvd, type SparseMatrix } from './truncated-svd.js';

const gap = 10;
/** Strongest partners of an item that count: bounds the memory of a large log. */
const partners = 1_000;
const smoothing = 0.75;

/** The standard deviation that an embedding by chance has, about. */
const deviation = 0.02;

/** The table [items + 1, width]; an item without partners keeps its row of `chance`. */
export function cooccurrenceTable(
  training: ItemSequences,
  { items, width }: Pick<Dimensions, 'items' | 'width'>,
  chance: Float32Array,
  seed: number,
): Float32Array {
  const random = new Random(seed);
  const matrix = positiveMutualInformation(training, items);
  const { left, singularValues } = truncatedSvd(matrix, width, random);
  const rotation = new Matrix(orthogonal(width, random).slice(0, singularValues.length));
  const vectors = left.mulRowVector(singularValues.map(Math.sqrt)).mmul(rotation);
  const scale = deviation / (vectors.norm() / Math.sqrt(items * width) || 1);
  const table = chance.slice();
  for (let row = 1; row <= items; row++) {
    if (matrix.offsets[row] === matrix.offsets[row + 1]) continue;
    table.set(
      vectors.getRow(row).map((value) => scale * value),
      row * width,
    );
  }
  return table;
}

/** PPMI [items + 1, items + 1]; row and column 0 are empty. */
export function positiveMutualInformation(training: ItemSequences, items: number): SparseMatrix {
  const counted = countTransitions(training, items, { gap, limit: partners, backward: 1 });
  const { offsets, items: columns, values: divided } = counted;
  const roots = frequencies(training, items).map(Math.sqrt);
  const values = divided.slice();
  for (let row = 1; row <= items; row++) {
    for (let n = offsets[row] ?? 0; n < (offsets[row + 1] ?? 0); n++) values[n] = (values[n] ?? 0) * (roots[row] ?? 0);
  }
  const sums = new Float64Array(items + 1);
  for (let row = 1; row <= items; row++) {
    for (let n = offsets[row] ?? 0; n < (offsets[row + 1] ?? 0); n++) sums[row] = (sums[row] ?? 0) + (values[n] ?? 0);
  }
  const scale = sums.reduce((sum, one) => sum + one, 0) ** smoothing;
  const kept = { offsets: new Int32Array(items + 2), columns: [] as number[], values: [] as number[] };
  for (let row = 1; row <= items; row++) {
    for (let n = offsets[row] ?? 0; n < (offsets[row + 1] ?? 0); n++) {
      const column = columns[n] ?? 0;
      const information = Math.log(((values[n] ?? 0) * scale) / ((sums[row] ?? 0) * (sums[column] ?? 0) ** smoothing));
      if (information <= 0) continue;
      kept.columns.push(column);
      kept.values.push(information);
    }
    kept.offsets[row + 1] = kept.columns.length;
  }
  return {
    width: items + 1,
    offsets: kept.offsets,
    columns: Int32Array.from(kept.columns),
    values: Float32Array.from(kept.values),
  };
}
