/**
 * The largest singular values of a large sparse matrix and their left vectors, by the randomised range finder with power iterations
 * (Halko, Martinsson, Tropp, "Finding structure with randomness", 2011, algorithms 4.4 and 5.1):
 *
 *   Q = orthonormal basis of (A A^T)^iterations A O      O normal [columns k], k the rank and some more
 *   (Q^T A)(Q^T A)^T = V diag(S^2) V^T                   [k k]
 *   U = Q V
 */
import { CholeskyDecomposition, EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import type { Random } from '../random.js';

/** Compressed sparse rows: row r has `values[n]` in the columns `columns[n]`, n from offsets[r] up to offsets[r + 1]. */
export interface SparseMatrix {
  readonly width: number;
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

export interface TruncatedSvd {
  /** U [rows rank] */
  readonly left: Matrix;
  /** S, the largest first */
  readonly singularValues: readonly number[];
}

const oversampling = 16;
const iterations = 4;

/** The rank is at most the smaller side of the matrix. */
export function truncatedSvd(matrix: SparseMatrix, rank: number, random: Random): TruncatedSvd {
  const rows = matrix.offsets.length - 1;
  const smaller = Math.min(rows, matrix.width);
  const k = Math.min(rank + oversampling, smaller);
  const start = Float64Array.from({ length: matrix.width * k }, () => random.normal());
  let basis = orthonormal(times(matrix, start, k), k);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const back = orthonormal(transposeTimes(matrix, basis, k), k);
    basis = orthonormal(times(matrix, back, k), k);
  }
  basis = orthonormal(basis, k);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    gramOf(transposeTimes(matrix, basis, k), k),
    { assumeSymmetric: true },
  );
  const order = [...realEigenvalues.keys()].sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  const kept = order.slice(0, Math.min(rank, smaller));
  const vectors = eigenvectorMatrix.subMatrixColumn(kept);
  return {
    left: Matrix.from1DArray(rows, k, basis).mmul(vectors),
    singularValues: kept.map((place) => Math.sqrt(Math.max(0, realEigenvalues[place] ?? 0))),
  };
}

/** A X, with X [width k] row by row */
function times({ offsets, columns, values }: SparseMatrix, x: Float64Array, k: number): Float64Array {
  const product = new Float64Array((offsets.length - 1) * k);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let n = offsets[row] ?? 0; n < (offsets[row + 1] ?? 0); n++)
      addRow(product, row * k, x, (columns[n] ?? 0) * k, k, values[n] ?? 0);
  }
  return product;
}

/** A^T X, with X [rows k] row by row */
function transposeTimes({ offsets, columns, values, width }: SparseMatrix, x: Float64Array, k: number): Float64Array {
  const product = new Float64Array(width * k);
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let n = offsets[row] ?? 0; n < (offsets[row + 1] ?? 0); n++)
      addRow(product, (columns[n] ?? 0) * k, x, row * k, k, values[n] ?? 0);
  }
  return product;
}

/** X^T X of X [rows k] row by row */
function gramOf(x: Float64Array, k: number): Matrix {
  const sums = new Float64Array(k * k);
  for (let begin = 0; begin < x.length; begin += k) {
    for (let at = 0; at < k; at++) {
      const factor = x[begin + at] as number;
      for (let to = 0; to <= at; to++)
        sums[at * k + to] = (sums[at * k + to] as number) + factor * (x[begin + to] as number);
    }
  }
  const gram = Matrix.from1DArray(k, k, sums);
  for (let at = 0; at < k; at++) for (let to = 0; to < at; to++) gram.set(to, at, gram.get(at, to));
  return gram;
}

function addRow(to: Float64Array, toBegin: number, from: Float64Array, begin: number, k: number, factor: number): void {
  for (let at = 0; at < k; at++)
    to[toBegin + at] = (to[toBegin + at] as number) + factor * (from[begin + at] as number);
}

/**
 * Columns that span the same and are orthonormal: X L^-T with X^T X = L L^T (Cholesky). What is added to the diagonal keeps a matrix
 * of a lower rank than k from having none; done once more, columns that were nearly parallel are exact too.
 */
function orthonormal(x: Float64Array, k: number): Float64Array {
  const gram = gramOf(x, k);
  const least = 1e-14 * gram.trace() + Number.MIN_VALUE;
  for (let at = 0; at < k; at++) gram.set(at, at, gram.get(at, at) + least);
  const right = inverse(new CholeskyDecomposition(gram).lowerTriangularMatrix).transpose();
  const rows = Float64Array.from(right.to1DArray());
  const rotated = new Float64Array(x.length);
  for (let begin = 0; begin < x.length; begin += k) {
    for (let at = 0; at < k; at++) addRow(rotated, begin, rows, at * k, k, x[begin + at] ?? 0);
  }
  return rotated;
}
