/**
 * The network as a TensorFlow graph: whole sequences at once, for training and for evaluation. The same network as
 * src/model, which takes one event at a time; a test holds the two together.
 *
 *   x = LN(drop(E'[i] + C[kind] + G[gap]))    z = LN(x + drop(GRU(x))), LN(z + drop(FFN(z))) for each block    r = memory(z, x)
 *   m = LN(z + drop(r))    u = LN(m + drop(FFN(m)))
 *
 * C, G and the memory are there where the weights have them; without a memory r is zero.
 * Sequences lie time-major and padded at the end, [T B]: padding comes after everything that is asked for, so it
 * changes nothing.
 */
import { tf, type Tensor } from '../backend.js';
import type { Dropout } from './dropout.js';
import { gru } from './gru.js';
import { feedForward, layerNorm, rowsOf, weight, type Weights } from './layers.js';
import { slotMemory } from './slot-memory.js';

export interface Sequences {
  /** item rows, time-major; 0 where a sequence has ended */
  readonly rows: Tensor; //       [T*B]
  /** indices of kinds and gap buckets as long as `rows`, where the network has vectors for them */
  readonly kinds?: Tensor;
  readonly gaps?: Tensor;
  readonly steps: number;
  readonly users: number;
  /** the places in `rows` after which a query vector is wanted */
  readonly positions: Tensor; //  [P]
}

/** What lies in typed arrays as tensors; the caller opens the tidy scope. */
export function sequencesOf(
  sequences: Record<'rows' | 'kinds' | 'gaps' | 'positions', Int32Array> & {
    readonly steps: number;
    readonly users: number;
  },
): Sequences {
  const { rows, kinds, gaps, positions, steps, users } = sequences;
  const [r, k, g, p] = [rows, kinds, gaps, positions].map((numbers) => tf.tensor1d(numbers)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return { rows: r, kinds: k, gaps: g, positions: p, steps, users };
}

/**
 * Query vectors u at the wanted positions, [P d]. `table` is E'; the caller opens the tidy scope. `onAttention` is shown how these
 * queries read the slots, [P H S], where there are any.
 */
export function encode(
  weights: Weights,
  table: Tensor,
  sequences: Sequences,
  sizes: { readonly blocks: number; readonly chunk: number; readonly heads?: number },
  dropout: Dropout | null,
  onAttention: ((ofQueries: Tensor) => void) | null = null,
): Tensor {
  const { steps: T, users: B, positions } = sequences;
  const d = table.shape[1] ?? 0;
  const drop = (y: Tensor) => (dropout === null ? y : tf.mul(y, dropout.mask(y.shape)));
  const hiddenMask = (y: Tensor) => dropout?.mask([y.shape[0], 4 * d]) ?? null;
  const byTime = (y: Tensor) => tf.reshape(y, [T, B, d]);

  const x = layerNorm(drop(embedded(weights, table, sequences)), weights, 'input.norm'); // [T*B d]
  let z = x;
  for (let block = 0; block < sizes.blocks; block++) {
    const name = `block.${block}`;
    const y = tf.reshape(gru(byTime(z), weights, `${name}.gru`), [T * B, d]);
    z = layerNorm(tf.add(z, drop(y)), weights, `${name}.norm1`);
    z = layerNorm(tf.add(z, drop(feedForward(z, weights, `${name}.ffn`, hiddenMask(z)))), weights, `${name}.norm2`);
  }
  const hasMemory = weights.has('memory.key.weight');
  const show = (ofEvents: Tensor): void => {
    onAttention?.(rowsOf(ofEvents, positions));
  };
  const read = hasMemory
    ? slotMemory(byTime(z), byTime(x), weights, sizes.chunk, sizes.heads, onAttention && show)
    : null; // [T*B d]
  const joined = rowsOf(read === null ? z : tf.add(z, drop(read)), positions); //  [P d]
  const m = layerNorm(joined, weights, 'join.norm1');
  return layerNorm(tf.add(m, drop(feedForward(m, weights, 'join.ffn', hiddenMask(m)))), weights, 'join.norm2');
}

/** E'[i] + C[kind] + G[gap], [T*B d] */
function embedded(weights: Weights, table: Tensor, { rows, kinds, gaps }: Sequences): Tensor {
  const terms = [
    ['kind.embedding', kinds],
    ['gap.embedding', gaps],
  ] as const;
  return terms.reduce(
    (sum, [name, indices]) => {
      if (!weights.has(name)) return sum;
      if (indices === undefined) throw new Error(`the network has ${name}: its sequences need an index for each event`);
      return tf.add(sum, rowsOf(weight(weights, name), indices));
    },
    rowsOf(table, rows),
  );
}
