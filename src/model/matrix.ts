/**
 * Dense arithmetic over the rows of a batch.
 *
 *   affine      y = x W + b
 *   layerNorm   y = (x - mean) / sqrt(variance + 1e-5) * gain + bias, row by row
 *
 * Numbers are stored as f32 and summed in f64, input by input in a fixed order. A row's result therefore never depends on the
 * rows beside it: a batch of any size gives the same bits. (Rounding every partial sum to f32 would also be twice as slow.)
 * An index that is cast to a number lies inside its array by the loop around it.
 */
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

const epsilon = 1e-5;

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

/** y = x W + b. Four outputs at a time, so that their sums do not wait for each other; all rows before the next four. */
export function affine(x: Matrix, { inputs, outputs, weights, bias }: Affine): Matrix {
  const y = zeros(x.rows, outputs);
  const from = x.data;
  const to = y.data;
  let output = 0;
  for (; output + 4 <= outputs; output += 4) {
    const w0 = output * inputs;
    const w1 = w0 + inputs;
    const w2 = w1 + inputs;
    const w3 = w2 + inputs;
    for (let row = 0; row < x.rows; row++) {
      const start = row * inputs;
      let y0 = bias[output] as number;
      let y1 = bias[output + 1] as number;
      let y2 = bias[output + 2] as number;
      let y3 = bias[output + 3] as number;
      for (let input = 0; input < inputs; input++) {
        const value = from[start + input] as number;
        y0 += value * (weights[w0 + input] as number);
        y1 += value * (weights[w1 + input] as number);
        y2 += value * (weights[w2 + input] as number);
        y3 += value * (weights[w3 + input] as number);
      }
      const end = row * outputs + output;
      to[end] = y0;
      to[end + 1] = y1;
      to[end + 2] = y2;
      to[end + 3] = y3;
    }
  }
  for (; output < outputs; output++) {
    for (let row = 0; row < x.rows; row++) {
      let sum = bias[output] as number;
      for (let input = 0; input < inputs; input++) {
        sum += (from[row * inputs + input] as number) * (weights[output * inputs + input] as number);
      }
      to[row * outputs + output] = sum;
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
    let sum = 0;
    for (let at = 0; at < width; at++) sum += data[start + at] as number;
    const mean = sum / width;
    let squares = 0;
    for (let at = 0; at < width; at++) squares += ((data[start + at] as number) - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / width + epsilon);
    for (let at = 0; at < width; at++) {
      data[start + at] = ((data[start + at] as number) - mean) * scale * (gain[at] as number) + (bias[at] as number);
    }
  }
  return x;
}

/** In place. */
export function sigmoid(x: Matrix): Matrix {
  for (let at = 0; at < x.data.length; at++) x.data[at] = 1 / (1 + Math.exp(-(x.data[at] as number)));
  return x;
}

/** In place. */
export function tanh(x: Matrix): Matrix {
  for (let at = 0; at < x.data.length; at++) x.data[at] = Math.tanh(x.data[at] as number);
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

/** In place; the largest is taken off first, so that nothing overflows. */
export function softmax(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] = Math.exp((values[at] as number) - largest);
  for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) / sum;
  return values;
}
