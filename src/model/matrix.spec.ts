import { describe, expect, it } from '@jest/globals';
import { add, affine, affineOf, concat, gelu, layerNorm, sigmoid, softmax, tanh, zeros } from './matrix.js';
import type { Matrix } from './matrix.js';

function matrix(...rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, width: rows[0]?.length ?? 0, data: Float32Array.from(rows.flat()) };
}

/** Numbers in -1..1 that repeat for the same seed. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  });
}

describe('affine', () => {
  it('is x W + b with the weight of a checkpoint, [inputs outputs]', () => {
    const layer = affineOf(2, 3, Float32Array.of(1, 2, 3, 10, 20, 30), Float32Array.of(0.5, 0, -1));
    expect([...affine(matrix([1, 0], [2, 1]), layer).data]).toEqual([1.5, 2, 2, 12.5, 24, 35]);
  });

  it('has zeros for a bias that is not given', () => {
    expect([...affine(matrix([3]), affineOf(1, 1, Float32Array.of(2))).data]).toEqual([6]);
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 64])('is the same in plain sums for %i outputs', (outputs) => {
    const [rows, inputs] = [3, 6];
    const weight = numbers(inputs * outputs, 1);
    const bias = numbers(outputs, 2);
    const x = { rows, width: inputs, data: numbers(rows * inputs, 3) };
    const y = affine(x, affineOf(inputs, outputs, weight, bias));
    expect([y.rows, y.width]).toEqual([rows, outputs]);
    y.data.forEach((value, at) => {
      const [row, output] = [Math.floor(at / outputs), at % outputs];
      let sum = bias[output] ?? NaN;
      for (let input = 0; input < inputs; input++) {
        sum += (x.data[row * inputs + input] ?? NaN) * (weight[input * outputs + output] ?? NaN);
      }
      expect(value).toBeCloseTo(sum, 6);
    });
  });

  it('gives a row the same bits whatever rows stand beside it', () => {
    const layer = affineOf(16, 9, numbers(16 * 9, 4), numbers(9, 5));
    const x = { rows: 5, width: 16, data: numbers(5 * 16, 6) };
    const alone = Array.from({ length: 5 }, (_, row) => [
      ...affine({ rows: 1, width: 16, data: x.data.slice(row * 16, (row + 1) * 16) }, layer).data,
    ]);
    expect([...affine(x, layer).data]).toEqual(alone.flat());
  });
});

describe('rows', () => {
  it('are added and joined side by side without a change of what was given', () => {
    const x = matrix([1, 2], [3, 4]);
    expect([...add(x, matrix([10, 20], [30, 40])).data]).toEqual([11, 22, 33, 44]);
    expect([...concat(x, matrix([5], [6])).data]).toEqual([1, 2, 5, 3, 4, 6]);
    expect([...x.data]).toEqual([1, 2, 3, 4]);
    expect(zeros(2, 3).data).toEqual(new Float32Array(6));
  });

  it('are normalised one by one to mean 0 and variance 1, then scaled', () => {
    const norm = { gain: Float32Array.of(1, 1, 2), bias: Float32Array.of(0, 0, 5) };
    const { data } = layerNorm(matrix([1, 2, 3], [100, 300, 500]), norm);
    const side = Math.sqrt(1.5); // 1 / sqrt(2/3)
    [-side, 0, 2 * side + 5, -side, 0, 2 * side + 5].forEach((value, at) => {
      expect(data[at]).toBeCloseTo(value, 4);
    });
  });

  it('whose numbers are equal become the bias', () => {
    const norm = { gain: Float32Array.of(3, 3), bias: Float32Array.of(0.5, -0.5) };
    expect([...layerNorm(matrix([7, 7]), norm).data]).toEqual([0.5, -0.5]);
  });
});

describe('activations', () => {
  it('have their known values', () => {
    [0.5, 0.75, 0, 1].forEach((value, at) => {
      expect(sigmoid(matrix([0, Math.log(3), -1000, 1000])).data[at]).toBeCloseTo(value, 6);
    });
    [0, 0.5, -1].forEach((value, at) => {
      expect(tanh(matrix([0, Math.atanh(0.5), -40])).data[at]).toBeCloseTo(value, 6);
    });
    const { data } = gelu(matrix([0, 1, -1, 3, -100, 100]));
    [0, 0.8413447, -0.1586553, 2.9959503, 0, 100].forEach((value, at) => {
      expect(data[at]).toBeCloseTo(value, 6);
    });
  });

  it('give shares that add up to one, of large numbers too', () => {
    const [first, second] = softmax(Float32Array.of(0, Math.log(3)));
    expect(first).toBeCloseTo(0.25, 6);
    expect(second).toBeCloseTo(0.75, 6);
    expect([...softmax(Float32Array.of(1000, 1000, -1000))]).toEqual([0.5, 0.5, 0]);
    expect([...softmax(Float32Array.of(-7))]).toEqual([1]);
  });
});
