/**
 * The tensors of a checkpoint: names and sizes, by the letters of `dimensions`.
 * Weights are [inputs outputs], row-major, for y = x W + b.
 */
import type { Dimensions } from './dimensions.js';

type Sizes = Record<string, readonly (number | null)[]>;

/** Name and sizes of every tensor; null is a size that the tensor itself decides. `features` F of content; 0: it places nothing. */
export function tensorsOf(dimensions: Dimensions, features = 0) {
  const { width: d, slots: S, blocks, items, attributes: A, heads: H, kinds, gaps } = dimensions;
  const N = items + 1;
  const norm = (name: string) => ({ [`${name}.gain`]: [d], [`${name}.bias`]: [d] });
  const layer = (name: string, inputs: number, outputs: number) => ({
    [`${name}.weight`]: [inputs, outputs],
    [`${name}.bias`]: [outputs],
  });
  const residual = (name: string) => ({
    ...norm(`${name}.norm1`),
    ...layer(`${name}.ffn.up`, d, 4 * d),
    ...layer(`${name}.ffn.down`, 4 * d, d),
    ...norm(`${name}.norm2`),
  });
  const block = (_: unknown, l: number): Sizes => ({
    ...layer(`block.${l}.gru.gates`, 2 * d, 2 * d), //        reset first, then update
    ...layer(`block.${l}.gru.candidate`, 2 * d, d),
    ...residual(`block.${l}`),
  });
  const sizes: Sizes = {
    'item.embedding': [N, d],
    ...(A > 0 && {
      'attribute.embedding': [A, d],
      'item.attribute.offsets': [N + 1], //                   the attributes of each row, see `embedding`
      'item.attribute.ids': [null],
    }),
    ...(kinds > 0 && { 'kind.embedding': [kinds + 1, d] }), // row 0, the kind unknown to the model, is zero
    ...(gaps > 0 && { 'gap.embedding': [gaps + 1, d] }), //   row 0 is a user's first event, see `gap`
    ...norm('input.norm'),
    ...Object.fromEntries(Array.from({ length: blocks }, block).flatMap((tensors) => Object.entries(tensors))),
    ...(S > 0 && {
      'memory.key.weight': [d, d],
      'memory.value.weight': [d, d],
      'memory.query.weight': [d, d],
      ...layer('memory.gate', d, H * S),
      'memory.output.weight': [d, d],
      'memory.slot.bias': [H * S],
    }),
    ...residual('join'),
    'output.bias': [items], //                                row j has output.bias[j - 1]
    'rules.offsets': [N + 1], //                              the transitions of each row, see `rules`
    'rules.items': [null],
    'rules.values': [null],
    ...(features > 0 && { 'content.weight': [features, d + 1] }), // M, see `content`
  };
  return new Map(Object.entries(sizes));
}

/** The tensors of type I32; all others are F32. */
export const integers = new Set(['item.attribute.offsets', 'item.attribute.ids', 'rules.offsets', 'rules.items']);
