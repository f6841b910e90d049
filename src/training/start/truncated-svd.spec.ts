import { describe, expect, it } from '@jest/globals';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { Random } from '../random.js';
import { truncatedSvd, type SparseMatrix } from './truncated-svd.js';

/** As numbers [rows columns]; zeros are not stored. */
function sparse(dense: Matrix): SparseMatrix {
  const offsets = [0];
  const columns: number[] = [];
  const values: number[] = [];
  dense.to2DArray().forEach((row) => {
    row.forEach((value, column) => {
      if (value === 0) return;
      columns.push(column);
      values.push(value);
    });
    offsets.push(columns.length);
  });
  const width = dense.columns;
  return {
    width,
    offsets: Int32Array.from(offsets),
    columns: Int32Array.from(columns),
    values: Float32Array.from(values),
  };
}

function randomMatrix(rows: number, columns: number, share: number): Matrix {
  const random = new Random(3);
  const value = () => (random.next() < share ? Math.fround(random.normal()) : 0);
  return new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, value)));
}

describe('the truncated singular value decomposition', () => {
  it('has the largest singular values and their left vectors, as a full decomposition has them', () => {
    const dense = Matrix.add(randomMatrix(80, 5, 1).mmul(randomMatrix(5, 60, 1)), randomMatrix(80, 60, 0.2));
    const { left, singularValues } = truncatedSvd(sparse(dense), 5, new Random(1));
    const full = new SingularValueDecomposition(dense);
    singularValues.forEach((value, at) => {
      expect(value).toBeCloseTo(full.diagonal[at] ?? 0, 3);
      const along = left.getColumnVector(at).dot(full.leftSingularVectors.getColumnVector(at));
      expect(Math.abs(along)).toBeCloseTo(1, 3);
    });
    expect(singularValues).toHaveLength(5);
    const gram = left.transpose().mmul(left);
    expect(Matrix.sub(gram, Matrix.eye(5)).norm()).toBeLessThan(1e-9);
  });

  it('of a matrix of a lower rank is exact, and zero beyond it', () => {
    const dense = randomMatrix(40, 2, 1).mmul(randomMatrix(2, 30, 1));
    const { left, singularValues } = truncatedSvd(sparse(dense), 4, new Random(1));
    const full = new SingularValueDecomposition(dense);
    expect(singularValues[1]).toBeCloseTo(full.diagonal[1] ?? 0, 3);
    expect(singularValues[2]).toBeCloseTo(0, 3);
    const projected = left.mmul(left.transpose()).mmul(dense);
    expect(Matrix.sub(projected, dense).norm() / dense.norm()).toBeLessThan(1e-6);
  });

  it('has no more values than the matrix has rows or columns, none but zeros for an empty one, and is the same for a seed', () => {
    const small = sparse(
      new Matrix([
        [3, 0],
        [0, 2],
        [0, 0],
      ]),
    );
    expect(truncatedSvd(small, 5, new Random(1)).singularValues.map((value) => value.toFixed(6))).toEqual([
      '3.000000',
      '2.000000',
    ]);
    const empty = truncatedSvd(sparse(Matrix.zeros(4, 4)), 2, new Random(1));
    expect(empty.singularValues.map((value) => Math.abs(value) < 1e-6)).toEqual([true, true]);
    const matrix = sparse(randomMatrix(50, 50, 0.3));
    const [one, again] = [7, 7].map((seed) => truncatedSvd(matrix, 3, new Random(seed)));
    expect(again).toEqual(one);
  });
});
