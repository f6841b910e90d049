/**
 * Dense arithmetic over the rows of a batch.
 *
 *   affine      y = x W + b
 *   layerNorm   y = (x - mean) / sqrt(variance + 1e-5) * gain + bias, row by row
 *
 * All of it is f32: every product and every sum is rounded, in a fixed order. A row's result never depends on the rows beside it,
 * and four lanes of a vector unit leave the same bits: this is the plain twin of `kernels/assembly/step`, which must change with it.
 * (A product or sum of two f32s that is rounded from f64 to f32 is the f32 product or sum.)
 * An index that is cast to a number lies inside its array by the loop around it.
 */
import { exp } from './exponential.js';
import { normalCdf } from './normal.js';

export interface Matrix {
  readonly rows: number;
  readonly width: number;
  /** row by row */
  readonly data: Float32Array;
}

/** The trained numbers of y = x W + b. */
export interface Affine {
  readonly inputs: number;
  readonly outputs: number;
  /** W output by output, [outputs inputs], so that a sum runs over neighbours */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface Norm {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
}

const { fround } = Math;
const epsilon = fround(1e-5);

export function zeros(rows: number, width: number): Matrix {
  return { rows, width, data: new Float32Array(rows * width) };
}

/** Turns a weight of a checkpoint, [inputs outputs], into the layout that `affine` sums over; no bias means zeros. */
export function affineOf(inputs: number, outputs: number, weight: Float32Array, bias?: Float32Array): Affine {
  const weights = new Float32Array(inputs * outputs);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      weights[output * inputs + input] = weight[input * outputs + output] as number;
    }
  }
  return { inputs, outputs, weights, bias: bias ?? new Float32Array(outputs) };
}

/** y = x W + b. An output's sum begins with its bias and takes one input after the other; four sums go on side by side. */
export function affine(x: Matrix, { inputs, outputs, weights, bias }: Affine): Matrix {
  const y = zeros(x.rows, outputs);
  const { data } = x;
  for (let row = 0; row < x.rows; row++) {
    const from = row * inputs;
    const to = row * outputs;
    let output = 0;
    for (; output + 4 <= outputs; output += 4) {
      const w0 = output * inputs;
      const w1 = w0 + inputs;
      const w2 = w1 + inputs;
      const w3 = w2 + inputs;
      let s0 = bias[output] as number;
      let s1 = bias[output + 1] as number;
      let s2 = bias[output + 2] as number;
      let s3 = bias[output + 3] as number;
      for (let input = 0; input < inputs; input++) {
        const value = data[from + input] as number;
        s0 = fround(s0 + fround(value * (weights[w0 + input] as number)));
        s1 = fround(s1 + fround(value * (weights[w1 + input] as number)));
        s2 = fround(s2 + fround(value * (weights[w2 + input] as number)));
        s3 = fround(s3 + fround(value * (weights[w3 + input] as number)));
      }
      y.data[to + output] = s0;
      y.data[to + output + 1] = s1;
      y.data[to + output + 2] = s2;
      y.data[to + output + 3] = s3;
    }
    for (; output < outputs; output++) {
      let sum = bias[output] as number;
      for (let input = 0; input < inputs; input++) {
        sum = fround(sum + fround((data[from + input] as number) * (weights[output * inputs + input] as number)));
      }
      y.data[to + output] = sum;
    }
  }
  return y;
}

/** x + y */
export function add(x: Matrix, y: Matrix): Matrix {
  const sum = zeros(x.rows, x.width);
  for (let at = 0; at < sum.data.length; at++) sum.data[at] = (x.data[at] as number) + (y.data[at] as number);
  return sum;
}

/** [x, y] side by side */
export function concat(x: Matrix, y: Matrix): Matrix {
  const both = zeros(x.rows, x.width + y.width);
  for (let row = 0; row < x.rows; row++) {
    const start = row * both.width;
    for (let at = 0; at < x.width; at++) both.data[start + at] = x.data[row * x.width + at] as number;
    for (let at = 0; at < y.width; at++) both.data[start + x.width + at] = y.data[row * y.width + at] as number;
  }
  return both;
}

/** In place. */
export function layerNorm(x: Matrix, { gain, bias }: Norm): Matrix {
  const { data, width } = x;
  for (let start = 0; start < data.length; start += width) {
    const row = data.subarray(start, start + width);
    const mean = fround(sumInLanes(row) / width);
    for (let at = 0; at < width; at++) row[at] = (row[at] as number) - mean;
    const variance = fround(sumInLanes(row.map((value) => value * value)) / width);
    const scale = fround(1 / fround(Math.sqrt(fround(variance + epsilon))));
    for (let at = 0; at < width; at++) {
      row[at] = fround(fround((row[at] as number) * scale) * (gain[at] as number)) + (bias[at] as number);
    }
  }
  return x;
}

/** Every fourth number in a sum of its own, then those four in pairs, then the last numbers, of which there are not four. */
function sumInLanes(numbers: Float32Array): number {
  const whole = numbers.length & ~3;
  const lanes = new Float32Array(4);
  for (let at = 0; at < whole; at++) lanes[at & 3] = (lanes[at & 3] as number) + (numbers[at] as number);
  const [a = 0, b = 0, c = 0, d = 0] = lanes;
  let sum = fround(fround(a + b) + fround(c + d));
  for (let at = whole; at < numbers.length; at++) sum = fround(sum + (numbers[at] as number));
  return sum;
}

/** In place. */
export function sigmoid(x: Matrix): Matrix {
  for (let at = 0; at < x.data.length; at++) x.data[at] = 1 / fround(1 + exp(-(x.data[at] as number)));
  return x;
}

/** 1 - 2 / (e^2x + 1), in place. */
export function tanh(x: Matrix): Matrix {
  for (let at = 0; at < x.data.length; at++) {
    x.data[at] = 1 - fround(2 / fround(exp(fround(2 * (x.data[at] as number))) + 1));
  }
  return x;
}

/** x * P(a standard normal number is below x), in place. */
export function gelu(x: Matrix): Matrix {
  for (let at = 0; at < x.data.length; at++) {
    const value = x.data[at] as number;
    x.data[at] = value * normalCdf(value);
  }
  return x;
}

/** k a + (1 - k) b: how a gate lets go of the old, for one number */
export function fade(k: number, a: number, b: number): number {
  return fround(fround(k * a) + fround(fround(1 - k) * b));
}

/** In place; the largest is taken off first, so that nothing overflows. Only a read needs it: nothing that is stored. */
export function softmax(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] = Math.exp((values[at] as number) - largest);
  for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) / sum;
  return values;
}
