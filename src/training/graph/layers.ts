/**
 * The layers that work on each position by itself, with hand-written gradients: rows of [P d], P positions in any
 * order. Functions here never dispose their inputs; the caller opens the tidy scope.
 */
import { gatherRows, multiply, operation, sumByRow, tf, withGradient, type Tensor } from '../backend.js';

/** Named tensors of the network, by the checkpoint's names. */
export type Weights = ReadonlyMap<string, Tensor>;

export function weight(weights: Weights, name: string): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`the network has no tensor ${name}`);
  return tensor;
}

const addBias = operation('BiasAdd', { T: 'float', data_format: { text: 'NHWC' } });
const sumRows = operation('BiasAddGrad', { T: 'float', data_format: { text: 'NHWC' } });
const rowMean = operation('Mean', { T: 'float', Tidx: 'int', keep_dims: true });

/** y = x W + b */
export function affine(x: Tensor, W: Tensor, b: Tensor): Tensor {
  return withGradient([x, W, b], () => ({
    value: addBias(multiply(x, W), b), //                       [P out]
    keep: [x, W],
    gradient: (dy, [x, W]) => [multiply(dy, W, { b: true }), multiply(x, dy, { a: true }), sumRows(dy)],
  }));
}

/** y = x W */
export function project(x: Tensor, W: Tensor): Tensor {
  return withGradient([x, W], () => ({
    value: multiply(x, W), //                                   [P out]
    keep: [x, W],
    gradient: (dy, [x, W]) => [multiply(dy, W, { b: true }), multiply(x, dy, { a: true })],
  }));
}

/** y = (x - mean) / sqrt(variance + 1e-5) * gain + bias, over the numbers of a row */
export function layerNorm(x: Tensor, weights: Weights, name: string): Tensor {
  const gain = weight(weights, `${name}.gain`);
  const bias = weight(weights, `${name}.bias`);
  return withGradient([x, gain, bias], () => {
    const last = tf.scalar(1, 'int32');
    const centred = tf.sub(x, rowMean(x, last)); //             [P d]
    const scale = tf.rsqrt(tf.add(rowMean(tf.square(centred), last), 1e-5)); // [P 1]
    const normal = tf.mul(centred, scale); //                   [P d]
    return {
      value: addBias(tf.mul(normal, gain), bias),
      keep: [normal, scale, gain],
      gradient: (dy, [normal, scale, gain]) => {
        const last = tf.scalar(1, 'int32');
        const dNormal = tf.mul(dy, gain);
        const along = tf.mul(normal, rowMean(tf.mul(dNormal, normal), last));
        const dx = tf.mul(tf.sub(tf.sub(dNormal, rowMean(dNormal, last)), along), scale);
        return [dx, sumRows(tf.mul(dy, normal)), sumRows(dy)];
      },
    };
  });
}

/**
 * y = drop(gelu(x W_up + b_up)) W_down + b_down, with the exact GELU: gelu(a) = a Phi(a), Phi(a) = (1 + erf(a / sqrt
 * 2)) / 2. `mask` is the dropout of the hidden layer, [P 4d], or null.
 */
export function feedForward(x: Tensor, weights: Weights, name: string, mask: Tensor | null): Tensor {
  const up = weight(weights, `${name}.up.weight`);
  const upBias = weight(weights, `${name}.up.bias`);
  const down = weight(weights, `${name}.down.weight`);
  const downBias = weight(weights, `${name}.down.bias`);
  return withGradient([x, up, upBias, down, downBias], () => {
    const before = addBias(multiply(x, up), upBias); //         [P 4d]
    const share = tf.add(tf.mul(tf.erf(tf.mul(before, Math.SQRT1_2)), 0.5), 0.5); // Phi
    const masked = mask === null ? share : tf.mul(share, mask);
    const hidden = tf.mul(before, masked);
    return {
      value: addBias(multiply(hidden, down), downBias), //      [P d]
      keep: mask === null ? [x, up, down, before, share, hidden] : [x, up, down, before, share, hidden, mask],
      gradient: (dy, [x, up, down, before, share, hidden, mask]) => {
        const dHidden = multiply(dy, down, { b: true }); //     [P 4d]
        const dGelu = mask === undefined ? dHidden : tf.mul(dHidden, mask);
        const density = tf.mul(tf.exp(tf.mul(tf.square(before), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        const dBefore = tf.mul(dGelu, tf.add(share, tf.mul(before, density)));
        return [
          multiply(dBefore, up, { b: true }),
          multiply(x, dBefore, { a: true }),
          sumRows(dBefore),
          multiply(hidden, dy, { a: true }),
          sumRows(dy),
        ];
      },
    };
  });
}

/** Rows of a table, [N d] -> [P d]; the gradient sums over the positions that took the same row. */
export function rowsOf(table: Tensor, rows: Tensor): Tensor {
  const count = table.shape[0];
  return withGradient([table], () => ({
    value: gatherRows(table, rows),
    keep: [],
    gradient: (dy) => [sumByRow(dy, rows, count)],
  }));
}
