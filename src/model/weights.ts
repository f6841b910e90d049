/** The tensors of a checkpoint as the parts of the network use them. */
import type { Checkpoint } from './checkpoint.js';
import { foldAttributes, outputVectors } from './embedding.js';
import type { Block } from './encoder.js';
import { affineOf } from './matrix.js';
import type { Affine, Norm } from './matrix.js';
import { outputLayer } from './rank.js';
import type { Output } from './rank.js';
import type { ReadWeights } from './read.js';
import type { Residual } from './residual.js';
import type { Transitions } from './rules.js';
import type { WriteWeights } from './write.js';

export interface Weights {
  /** E' [N d] */
  readonly table: Float32Array;
  /** C [kinds + 1, d]; null: switched off */
  readonly kinds: Float32Array | null;
  /** G [gaps + 1, d]; null: switched off */
  readonly gaps: Float32Array | null;
  readonly inputNorm: Norm;
  readonly blocks: readonly Block[];
  /** null: no slots */
  readonly memory: { readonly write: WriteWeights; readonly read: ReadWeights } | null;
  readonly join: Residual;
  readonly output: Output;
  readonly transitions: Transitions;
}

export function weightsOf({ dimensions, tensors }: Checkpoint): Weights {
  const { width: d, slots: S, heads: H } = dimensions;
  const floats = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array)) throw new Error(`the checkpoint has no numbers ${name}`);
    return data;
  };
  const integers = (name: string): Int32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Int32Array)) throw new Error(`the checkpoint has no integers ${name}`);
    return data;
  };
  const layer = (name: string, inputs: number, outputs: number): Affine =>
    affineOf(inputs, outputs, floats(`${name}.weight`), floats(`${name}.bias`));
  const square = (name: string): Affine => affineOf(d, d, floats(`${name}.weight`));
  const norm = (name: string): Norm => ({ gain: floats(`${name}.gain`), bias: floats(`${name}.bias`) });
  const residual = (name: string): Residual => ({
    norm1: norm(`${name}.norm1`),
    up: layer(`${name}.ffn.up`, d, 4 * d),
    down: layer(`${name}.ffn.down`, 4 * d, d),
    norm2: norm(`${name}.norm2`),
  });
  const block = (_: unknown, l: number): Block => ({
    gates: layer(`block.${l}.gru.gates`, 2 * d, 2 * d),
    candidate: layer(`block.${l}.gru.candidate`, 2 * d, d),
    residual: residual(`block.${l}`),
  });
  const table =
    dimensions.attributes === 0
      ? floats('item.embedding')
      : foldAttributes(floats('item.embedding'), d, {
          vectors: floats('attribute.embedding'),
          offsets: integers('item.attribute.offsets'),
          ids: integers('item.attribute.ids'),
        });
  const memory = () => ({
    write: {
      gate: layer('memory.gate', d, H * S),
      key: square('memory.key'),
      value: square('memory.value'),
    },
    read: {
      query: square('memory.query'),
      slotBias: floats('memory.slot.bias'),
      output: square('memory.output'),
    },
  });
  return {
    table,
    kinds: dimensions.kinds === 0 ? null : floats('kind.embedding'),
    gaps: dimensions.gaps === 0 ? null : floats('gap.embedding'),
    inputNorm: norm('input.norm'),
    blocks: Array.from({ length: dimensions.blocks }, block),
    memory: S === 0 ? null : memory(),
    join: residual('join'),
    output: outputLayer(outputVectors(table, d, dimensions.outputLength), d, floats('output.bias')),
    transitions: {
      offsets: integers('rules.offsets'),
      items: integers('rules.items'),
      values: floats('rules.values'),
    },
  };
}
