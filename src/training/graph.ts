/**
 * The network as a TensorFlow graph: whole sequences at once, for training and for evaluation. The same network as
 * src/model, which takes one event at a time; a test holds the two together.
 *
 *   x = LN(drop(E'[i]))    z = LN(x + drop(GRU(x))), LN(z + drop(FFN(z))) for each block    r = memory(z, x)
 *   m = LN(z + drop(r))    u = LN(m + drop(FFN(m)))
 *
 * Sequences lie time-major and padded at the end, [T B]: padding comes after everything that is asked for, so it
 * changes nothing.
 */
import { tf, type Tensor } from './backend.js';
import type { Dropout } from './dropout.js';
import { gru } from './gru.js';
import { feedForward, layerNorm, rowsOf, type Weights } from './layers.js';
import { slotMemory } from './slot-memory.js';

export interface Sequences {
  /** item rows, time-major; 0 where a sequence has ended */
  readonly rows: Tensor; //       [T*B]
  readonly steps: number;
  readonly users: number;
  /** the places in `rows` after which a query vector is wanted */
  readonly positions: Tensor; //  [P]
}

/** Query vectors u at the wanted positions, [P d]. `table` is E'; the caller opens the tidy scope. */
export function encode(
  weights: Weights,
  table: Tensor,
  { rows, steps: T, users: B, positions }: Sequences,
  sizes: { readonly blocks: number; readonly chunk: number },
  dropout: Dropout | null,
): Tensor {
  const d = table.shape[1] ?? 0;
  const drop = (y: Tensor) => (dropout === null ? y : tf.mul(y, dropout.mask(y.shape)));
  const hiddenMask = (y: Tensor) => dropout?.mask([y.shape[0], 4 * d]) ?? null;
  const byTime = (y: Tensor) => tf.reshape(y, [T, B, d]);

  const x = layerNorm(drop(rowsOf(table, rows)), weights, 'input.norm'); //       [T*B d]
  let z = x;
  for (let block = 0; block < sizes.blocks; block++) {
    const name = `block.${block}`;
    const y = tf.reshape(gru(byTime(z), weights, `${name}.gru`), [T * B, d]);
    z = layerNorm(tf.add(z, drop(y)), weights, `${name}.norm1`);
    z = layerNorm(tf.add(z, drop(feedForward(z, weights, `${name}.ffn`, hiddenMask(z)))), weights, `${name}.norm2`);
  }
  const read = slotMemory(byTime(z), byTime(x), weights, sizes.chunk); //         [T*B d]
  const joined = rowsOf(tf.add(z, drop(read)), positions); //                     [P d]
  const m = layerNorm(joined, weights, 'join.norm1');
  return layerNorm(tf.add(m, drop(feedForward(m, weights, 'join.ffn', hiddenMask(m)))), weights, 'join.norm2');
}
