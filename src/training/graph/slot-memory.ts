/**
 * The slot memory over whole sequences, from empty slots: what src/model's write and read do event by event, in
 * chunks of C events.
 *
 *   K_t[s] = f_t[s] K_{t-1}[s] + (1 - f_t[s]) k_t         k = W_k x, v = W_v x, f = sigmoid(W_f z + b_f); V likewise
 *   r_t    = W_o sum_s a_t[s] V_t[s]                      a_t = softmax_s(K_t[s] . q_t / sqrt(d/H) + p[s]), q = W_q z
 *
 * No slot is formed inside a chunk. With F_t[s] = sum of log f up to t, the weight that slot s still gives at t to
 * event j of the same chunk is D[t, j] = exp(F_t - F_j + log(1 - f_j)), so that K_t[s] . q_t = sum_j D[t, j] (k_j .
 * q_t) + exp(F_t) (K[s] . q_t) with K the slots at the chunk's start. The chunks' starts are such sums again, of the
 * chunks before, so there is no loop at all.
 *
 * H heads are H memories of width e = d / H beside each other, each with its own f and a: they go through as if they were
 * further sequences of the batch, R = B H of them.
 *
 * M chunks of C events, T padded up to M C: a later event never reaches an earlier one, so the padding changes nothing.
 */
import { tf, type Tensor } from '../backend.js';
import { affine, project, weight, type Weights } from './layers.js';

/**
 * z, x [T B d] -> what the memory answers after every event, [T*B d], before dropout. `onAttention` is shown a_t of every
 * event, [T*B H S].
 */
export function slotMemory(
  z: Tensor,
  x: Tensor,
  weights: Weights,
  chunk: number,
  heads = 1,
  onAttention: ((ofEvents: Tensor) => void) | null = null,
): Tensor {
  const [T = 0, B = 0, d = 0] = x.shape;
  const C = Math.min(chunk, T);
  const M = Math.ceil(T / C);
  const S = weight(weights, 'memory.slot.bias').shape[0] / heads;
  const R = B * heads;
  const e = d / heads;
  const flatX = tf.reshape(x, [T * B, d]);
  const flatZ = tf.reshape(z, [T * B, d]);
  /** [T*B n] -> [R M C n/H] */
  const chunked = (flat: Tensor, n: number) => {
    const bySequence = tf.transpose(tf.reshape(flat, [T, B, n]), [1, 0, 2]);
    const padded =
      M * C === T
        ? bySequence
        : tf.pad(bySequence, [
            [0, 0],
            [0, M * C - T],
            [0, 0],
          ]);
    if (heads === 1) return tf.reshape(padded, [B, M, C, n]);
    const byHead = tf.transpose(tf.reshape(padded, [B, M * C, heads, n / heads]), [0, 2, 1, 3]);
    return tf.reshape(byHead, [R, M, C, n / heads]);
  };

  const k = chunked(project(flatX, weight(weights, 'memory.key.weight')), d); //   [R M C e]
  const v = chunked(project(flatX, weight(weights, 'memory.value.weight')), d); // [R M C e]
  const q = chunked(tf.mul(project(flatZ, weight(weights, 'memory.query.weight')), 1 / Math.sqrt(e)), d);
  const gate = chunked(
    affine(flatZ, weight(weights, 'memory.gate.weight'), weight(weights, 'memory.gate.bias')),
    heads * S,
  );
  const g = tf.transpose(gate, [0, 1, 3, 2]); //                                   [R M S C]
  const logKeep = tf.neg(tf.softplus(tf.neg(g))); //                               log f
  const logWrite = tf.neg(tf.softplus(g)); //                                      log(1 - f)
  const kept = tf.cumsum(logKeep, 3); //                                           [R M S C] F within the chunk

  // inside the chunk
  const since = tf.add(tf.sub(tf.expandDims(kept, 4), tf.expandDims(tf.sub(kept, logWrite), 3)), future(C));
  const D = tf.exp(since); //                                                      [R M S C C]
  const match = tf.matMul(q, k, false, true); //                                   [R M C C]
  const inside = tf.sum(tf.mul(D, tf.expandDims(match, 2)), 4); //                 [R M S C]

  // the slots at the start of each chunk
  const decay = tf.exp(kept); //                                                   [R M S C]
  const [startK, startV] = starts(kept, logWrite, k, v); //                        [R M S e]
  const carried = tf.mul(decay, tf.matMul(startK, q, false, true)); //             [R M S C]

  const p = tf.reshape(weight(weights, 'memory.slot.bias'), [heads, 1, S, 1]);
  const bias = heads === 1 ? p : tf.tile(p, [B, 1, 1, 1]); //                        [R 1 S 1]
  const scores = tf.transpose(tf.add(tf.add(inside, carried), bias), [0, 1, 3, 2]);
  const attention = tf.transpose(tf.softmax(scores), [0, 1, 3, 2]); //             [R M S C]
  if (onAttention !== null) {
    const byHead = tf.reshape(tf.transpose(attention, [0, 1, 3, 2]), [B, heads, M * C, S]);
    const byTime = tf.transpose(tf.slice(byHead, [0, 0, 0, 0], [B, heads, T, S]), [2, 0, 1, 3]); // [T B H S]
    onAttention(tf.reshape(byTime, [T * B, heads, S]));
  }
  const fromInside = tf.matMul(tf.sum(tf.mul(tf.expandDims(attention, 4), D), 2), v); // [R M C e]
  const fromStart = tf.matMul(tf.mul(attention, decay), startV, true); //          [R M C e]
  const mixed = tf.reshape(tf.add(fromInside, fromStart), [R, M * C, e]);
  const sideBySide = () => tf.transpose(tf.reshape(mixed, [B, heads, M * C, e]), [0, 2, 1, 3]);
  const read = heads === 1 ? mixed : tf.reshape(sideBySide(), [B, M * C, d]);
  const byTime = tf.transpose(tf.slice(read, [0, 0, 0], [B, T, d]), [1, 0, 2]);
  return project(tf.reshape(byTime, [T * B, d]), weight(weights, 'memory.output.weight'));
}

/**
 * K and V when each chunk begins: sum over the chunks before of what they wrote, faded by the chunks between. [B M S
 * d] each
 */
function starts(kept: Tensor, logWrite: Tensor, k: Tensor, v: Tensor): [Tensor, Tensor] {
  const [B = 0, M = 0, S = 0, C = 0] = kept.shape;
  const d = k.shape[3] ?? 0;
  const whole = tf.slice(kept, [0, 0, 0, C - 1], [B, M, S, 1]); //                 [B M S 1] what survives the chunk
  const left = tf.exp(tf.add(tf.sub(whole, kept), logWrite)); //                   [B M S C] what is left at its end
  const written = tf.matMul(left, tf.concat([k, v], 3)); //                        [B M S 2d]
  const byslot = tf.transpose(tf.reshape(whole, [B, M, S]), [0, 2, 1]); //         [B S M]
  const fade = tf.cumsum(byslot, 2); //                                            [B S M]
  const until = tf.sub(fade, byslot); //                                           [B S M] up to the chunk's start
  const between = tf.exp(tf.add(tf.sub(tf.expandDims(until, 3), tf.expandDims(fade, 2)), notBefore(M))); // [B S M M]
  const start = tf.transpose(tf.matMul(between, tf.transpose(written, [0, 2, 1, 3])), [0, 2, 1, 3]); //     [B M S 2d]
  return [tf.slice(start, [0, 0, 0, 0], [B, M, S, d]), tf.slice(start, [0, 0, 0, d], [B, M, S, d])];
}

/** -1e9 where an event would reach an earlier one: exp makes 0 of it, and no gradient. [n n], row t, column j */
function future(n: number): Tensor {
  return triangle(n, (t, j) => j > t);
}

/** The same for chunks, whose own events are not in their start. */
function notBefore(n: number): Tensor {
  return triangle(n, (t, j) => j >= t);
}

function triangle(n: number, closed: (t: number, j: number) => boolean): Tensor {
  const mask = Float32Array.from({ length: n * n }, (_, at) => (closed(Math.floor(at / n), at % n) ? -1e9 : 0));
  return tf.tensor2d(mask, [n, n]);
}
