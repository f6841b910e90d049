/**
 * Weighted ridge regression in closed form, for sparse features and several targets at once:
 *
 *   W = argmin  sum over j of w_j |y_j - phi_j W|^2 + sum over features f of lambda_f |W[f]|^2
 *     = (G + diag(lambda))^-1 R,      G = sum of w_j phi_j' phi_j [F F],   R = sum of w_j phi_j' y_j [F M]
 *
 * G and R are sums over the observations, so that a group of them can be taken out again without a second pass over the rest.
 * Everything is in f64: G is as good as singular where two features always come together, and only lambda keeps them apart.
 */

import type { Features } from '../../model/content.js';

export class NormalEquations {
  /** the lower half, row by row: G[f, g] with g <= f lies at f F + g */
  private readonly gram: Float64Array;
  private readonly right: Float64Array; //                      [F M]

  constructor(
    readonly features: number,
    readonly targets: number,
  ) {
    this.gram = new Float64Array(features * features);
    this.right = new Float64Array(features * targets);
  }

  /** Adds an observation; with a weight below 0 one that was added before is taken out. */
  add({ indices, values }: Features, target: ArrayLike<number>, weight: number): void {
    indices.forEach((feature, at) => {
      const scaled = weight * (values[at] ?? 0);
      const row = feature * this.features;
      indices.forEach((other, place) => {
        if (other <= feature) add(this.gram, row + other, scaled * (values[place] ?? 0));
      });
      for (let m = 0; m < this.targets; m++) add(this.right, feature * this.targets + m, scaled * (target[m] ?? 0));
    });
  }

  copy(): NormalEquations {
    const copy = new NormalEquations(this.features, this.targets);
    copy.gram.set(this.gram);
    copy.right.set(this.right);
    return copy;
  }

  /** W [F M]; `penalties` [F] are greater than 0. */
  solve(penalties: ArrayLike<number>): Float64Array {
    const { features: F, targets: M } = this;
    const lower = this.gram.slice();
    for (let f = 0; f < F; f++) add(lower, f * F + f, penalties[f] ?? 0);
    factorise(lower, F);
    const solution = this.right.slice();
    for (let f = 0; f < F; f++) {
      for (let g = 0; g < f; g++) subtractRow(solution, f * M, g * M, M, lower[f * F + g] ?? 0);
      divideRow(solution, f * M, M, lower[f * F + f] ?? 1);
    }
    for (let f = F - 1; f >= 0; f--) {
      divideRow(solution, f * M, M, lower[f * F + f] ?? 1);
      for (let g = 0; g < f; g++) subtractRow(solution, g * M, f * M, M, lower[f * F + g] ?? 0);
    }
    return solution;
  }
}

/** Cholesky: L with L L' = the symmetric matrix whose lower half is given, in its place. */
function factorise(matrix: Float64Array, size: number): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column] as number;
      const own = row * size;
      const other = column * size;
      for (let at = 0; at < column; at++) sum -= (matrix[own + at] as number) * (matrix[other + at] as number);
      if (column < row) matrix[own + column] = sum / (matrix[other + column] as number);
      else if (sum > 0) matrix[own + row] = Math.sqrt(sum);
      else throw new Error(`the equations have no solution: pivot ${row} is ${sum}; a penalty must be greater than 0`);
    }
  }
}

function add(numbers: Float64Array, at: number, value: number): void {
  numbers[at] = (numbers[at] as number) + value;
}

function subtractRow(numbers: Float64Array, to: number, from: number, width: number, factor: number): void {
  if (factor === 0) return;
  for (let m = 0; m < width; m++) add(numbers, to + m, -factor * (numbers[from + m] as number));
}

function divideRow(numbers: Float64Array, at: number, width: number, by: number): void {
  for (let m = 0; m < width; m++) numbers[at + m] = (numbers[at + m] as number) / by;
}
