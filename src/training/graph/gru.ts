/**
 * The GRU over whole sequences, from h = 0, by TensorFlow's fused step GRUBlockCell (the reset-before cell, as
 * src/model/encoder):
 *
 *   r, u = sigmoid([x, h] W_ru + b_ru)    c = tanh([x, r * h] W_c + b_c)    h' = u * h + (1 - u) * c
 *
 * One operation a step forward and one backward; the weights' gradients are made once for all steps, from the stacked
 * inputs and the stacked gradients before the gates.
 */
import { multiply, operation, operations, tf, withGradient, type Tensor } from '../backend.js';
import { weight, type Weights } from './layers.js';

/** x, h, W_ru, W_c, b_ru, b_c -> r, u, c, h' */
const step = operations('GRUBlockCell', { T: 'float' }, 4);
/** the same inputs, r, u, c, d h' -> d x, d h, and the gradients before c and before r, u */
const stepGradient = operations('GRUBlockCellGrad', { T: 'float' }, 4);
const add = operation('AddV2');
const sumRows = operation('BiasAddGrad', { T: 'float', data_format: { text: 'NHWC' } });

/** x [T B d] -> the hidden state after every event, [T B d] */
export function gru(x: Tensor, weights: Weights, name: string): Tensor {
  const [T = 0, B = 0, d = 0] = x.shape;
  const gates = weight(weights, `${name}.gates.weight`);
  const gatesBias = weight(weights, `${name}.gates.bias`);
  const candidate = weight(weights, `${name}.candidate.weight`);
  const candidateBias = weight(weights, `${name}.candidate.bias`);
  const flat = (steps: Tensor) => tf.reshape(steps, [T * B, -1]);

  return withGradient([x, gates, gatesBias, candidate, candidateBias], () => {
    const xs = tf.unstack(x); //                                T of [B d]
    const r: Tensor[] = [];
    const u: Tensor[] = [];
    const c: Tensor[] = [];
    const h: Tensor[] = [tf.zeros([B, d])]; //                  h before each event, and after the last
    for (let t = 0; t < T; t++) {
      const outputs = step(at(xs, t), at(h, t), gates, candidate, gatesBias, candidateBias);
      [r, u, c, h].forEach((list, output) => list.push(at(outputs, output)));
    }
    const [before, after] = [tf.stack(h.slice(0, T)), tf.stack(h.slice(1))];
    return {
      value: after,
      // stacked: keeping a tensor costs more than taking it out of a stack again
      keep: [gates, gatesBias, candidate, candidateBias, x, before, tf.stack(r), tf.stack(u), tf.stack(c)],
      gradient: (dy, [gates, gatesBias, candidate, candidateBias, x, before, r, u, c]) => {
        const [xs, hs, rs, us, cs, outer] = [x, before, r, u, c, dy].map((steps) => tf.unstack(steps));
        const dx: Tensor[] = [];
        const dCandidate: Tensor[] = [];
        const dGates: Tensor[] = [];
        let dh = tf.zeros([B, d]);
        for (let t = T - 1; t >= 0; t--) {
          const state = [
            at(xs, t),
            at(hs, t),
            gates,
            candidate,
            gatesBias,
            candidateBias,
            at(rs, t),
            at(us, t),
            at(cs, t),
          ];
          const outputs = stepGradient(...state, add(at(outer, t), dh));
          [dx[t], dh, dCandidate[t], dGates[t]] = [at(outputs, 0), at(outputs, 1), at(outputs, 2), at(outputs, 3)];
        }
        const input = flat(x);
        const dGatesFlat = flat(tf.stack(dGates)); //           [T*B 2d]
        const dCandidateFlat = flat(tf.stack(dCandidate)); //   [T*B d]
        const forCandidate = tf.concat([input, flat(tf.mul(r, before))], 1);
        return [
          tf.stack(dx),
          multiply(tf.concat([input, flat(before)], 1), dGatesFlat, { a: true }),
          sumRows(dGatesFlat),
          multiply(forCandidate, dCandidateFlat, { a: true }),
          sumRows(dCandidateFlat),
        ];
      },
    };
  });
}

function at(list: readonly Tensor[] | undefined, index: number): Tensor {
  const tensor = list?.[index];
  if (tensor === undefined) throw new Error(`the sequence has no step ${index}`);
  return tensor;
}
