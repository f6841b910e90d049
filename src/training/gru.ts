/**
 * The GRU over whole sequences, from h = 0, by TensorFlow's fused step GRUBlockCell (the reset-before cell, as src/model/encoder):
 *
 *   r, u = sigmoid([x, h] W_ru + b_ru)    c = tanh([x, r * h] W_c + b_c)    h' = u * h + (1 - u) * c
 *
 * One operation a step forward and one backward; the weights' gradients are made once for all steps, from the stacked inputs and the
 * stacked gradients before the gates.
 */
import { multiply, operation, operations, tf, withGradient, type Tensor } from './backend.js';
import { weight, type Weights } from './layers.js';

const step = operations('GRUBlockCell', { T: 'float' }, 4); // x, h, W_ru, W_c, b_ru, b_c -> r, u, c, h'
const stepGradient = operations('GRUBlockCellGrad', { T: 'float' }, 4); // ..., r, u, c, d h' -> d x, d h, d before c, d before r and u
const sumRows = operation('BiasAddGrad', { T: 'float', data_format: { text: 'NHWC' } });

/** x [T B d] -> the hidden state after every event, [T B d] */
export function gru(x: Tensor, weights: Weights, name: string): Tensor {
  const [T = 0, B = 0, d = 0] = x.shape;
  const gates = weight(weights, `${name}.gates.weight`);
  const gatesBias = weight(weights, `${name}.gates.bias`);
  const candidate = weight(weights, `${name}.candidate.weight`);
  const candidateBias = weight(weights, `${name}.candidate.bias`);
  const flat = (steps: readonly Tensor[]) => tf.reshape(tf.stack([...steps]), [T * B, -1]);

  return withGradient([x, gates, gatesBias, candidate, candidateBias], () => {
    const xs = tf.unstack(x); //                                T of [B d]
    const start = tf.zeros([B, d]);
    const r: Tensor[] = [];
    const u: Tensor[] = [];
    const c: Tensor[] = [];
    const h: Tensor[] = [];
    for (let t = 0; t < T; t++) {
      const outputs = step(at(xs, t), h[t - 1] ?? start, gates, candidate, gatesBias, candidateBias);
      [r, u, c, h].forEach((list, output) => list.push(at(outputs, output)));
    }
    return {
      value: tf.stack(h),
      keep: [gates, gatesBias, candidate, candidateBias, start, ...xs, ...r, ...u, ...c, ...h],
      gradient: (dy, [gates, gatesBias, candidate, candidateBias, start, ...steps]) => {
        const list = (which: number) => steps.slice(which * T, (which + 1) * T);
        const [xs, r, u, c, h] = [list(0), list(1), list(2), list(3), list(4)];
        const before = [start, ...h.slice(0, T - 1)]; //        h one step earlier
        const outer = tf.unstack(dy);
        const dx: Tensor[] = [];
        const dCandidate: Tensor[] = [];
        const dGates: Tensor[] = [];
        let dh: Tensor | null = null;
        for (let t = T - 1; t >= 0; t--) {
          const dNow: Tensor = dh === null ? at(outer, t) : tf.add(at(outer, t), dh);
          const weightsAndState = [gates, candidate, gatesBias, candidateBias, at(r, t), at(u, t), at(c, t), dNow];
          const outputs = stepGradient(at(xs, t), at(before, t), ...weightsAndState);
          [dx[t], dh, dCandidate[t], dGates[t]] = [at(outputs, 0), at(outputs, 1), at(outputs, 2), at(outputs, 3)];
        }
        const input = flat(xs);
        const state = flat(before);
        const dGatesFlat = flat(dGates); //                     [T*B 2d]
        const dCandidateFlat = flat(dCandidate); //             [T*B d]
        return [
          tf.stack(dx),
          multiply(tf.concat([input, state], 1), dGatesFlat, { a: true }),
          sumRows(dGatesFlat),
          multiply(tf.concat([input, tf.mul(flat(r), state)], 1), dCandidateFlat, { a: true }),
          sumRows(dCandidateFlat),
        ];
      },
    };
  });
}

function at(list: readonly Tensor[], index: number): Tensor {
  const tensor = list[index];
  if (tensor === undefined) throw new Error(`the sequence has no step ${index}`);
  return tensor;
}
