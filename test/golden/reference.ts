/**
 * Golden tensors: what the PyTorch reference computed, as a checkpoint and the numbers after every event.
 * network-*.json are written by the reference's golden.py, network-training-*.json by training.py beside this file.
 * PyTorch's Linear keeps its weight as [outputs inputs], a checkpoint as [inputs outputs]; the reference's GRU cell has it so already.
 */
import { readFileSync } from 'node:fs';
import type { Checkpoint, Tensor } from '../../src/model/checkpoint.js';
import { Vocabulary } from '../../src/model/vocabulary.js';

export type Nested = number | readonly Nested[];

export interface Fixture {
  readonly sizes: {
    readonly d: number;
    readonly slots: number;
    readonly items: number;
    readonly layers: number;
    readonly heads: number;
  };
  readonly weights: Readonly<Record<string, Nested>>;
  /** rows of the items, oldest first, [sequences events] */
  readonly sequences: readonly (readonly number[])[];
  /** weight of each attribute for each row [N A]; only where the reference had attributes */
  readonly attributes?: readonly (readonly number[])[];
}

/** After one event of every sequence (B of them, one head). */
export interface GoldenStep {
  /** [L B d] */
  readonly h: readonly (readonly (readonly number[])[])[];
  /** [B 1 S d] */
  readonly K: Nested;
  readonly V: Nested;
  /** [B d] */
  readonly u: readonly (readonly number[])[];
  /** [B items] */
  readonly scores: readonly (readonly number[])[];
}

export interface StepFixture extends Fixture {
  readonly steps: readonly GoldenStep[];
}

/** The loss of the next item without dropout, and its gradients. */
export interface TrainingFixture extends Fixture {
  readonly attributes: readonly (readonly number[])[];
  readonly loss: number;
  /** at every position of every sequence but the last */
  readonly losses: readonly (readonly number[])[];
  /** by parameter */
  readonly gradients: Readonly<Record<string, Nested>>;
}

interface Fixtures {
  readonly 'network-d8-s4.json': StepFixture;
  readonly 'network-d8-s2-l2.json': StepFixture;
  readonly 'network-training-d8-s4.json': TrainingFixture;
}

/** A fixture of this folder, by its file name. */
export function readFixture<Name extends keyof Fixtures>(name: Name): Fixtures[Name] {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as Fixtures[Name];
}

export function flat(nested: Nested | undefined): number[] {
  if (nested === undefined) throw new Error('the fixture lacks a weight');
  return typeof nested === 'number' ? [nested] : nested.flatMap(flat);
}

/**
 * The reference's network. Its attribute weights are a number for each item and attribute, which a checkpoint cannot hold, so the
 * attributes are folded into the item table: the same network to an answer, without attributes to a training.
 */
export function checkpointOf({ sizes, weights, attributes }: Fixture): Checkpoint {
  const { d, slots, items, layers } = sizes;
  const tensors = new Map<string, Tensor>();
  const put = (name: string, shape: readonly number[], numbers: readonly number[]) =>
    tensors.set(name, { shape, data: Float32Array.from(numbers) });
  const vector = (name: string, from: string) => {
    const numbers = flat(weights[from]);
    put(name, [numbers.length], numbers);
  };
  const matrix = (name: string, inputs: number, outputs: number, from: string) =>
    put(name, [inputs, outputs], flat(weights[from]));
  const linear = (name: string, inputs: number, outputs: number, from: string) =>
    put(name, [inputs, outputs], transposed(flat(weights[`${from}.weight`]), inputs, outputs));
  const norm = (name: string, from: string) => {
    vector(`${name}.gain`, `${from}.weight`);
    vector(`${name}.bias`, `${from}.bias`);
  };
  const residual = (name: string, norm1: string, feedForward: string, norm2: string) => {
    norm(`${name}.norm1`, norm1);
    linear(`${name}.ffn.up.weight`, d, 4 * d, `${feedForward}.0`);
    vector(`${name}.ffn.up.bias`, `${feedForward}.0.bias`);
    linear(`${name}.ffn.down.weight`, 4 * d, d, `${feedForward}.3`);
    vector(`${name}.ffn.down.bias`, `${feedForward}.3.bias`);
    norm(`${name}.norm2`, norm2);
  };

  put('item.embedding', [items + 1, d], foldedTable(flat(weights['emb.weight']), d, attributes, weights.aemb));
  norm('input.norm', 'eln');
  for (let l = 0; l < layers; l++) {
    matrix(`block.${l}.gru.gates.weight`, 2 * d, 2 * d, `blocks.${l}.rnn.w_ru`);
    vector(`block.${l}.gru.gates.bias`, `blocks.${l}.rnn.b_ru`);
    matrix(`block.${l}.gru.candidate.weight`, 2 * d, d, `blocks.${l}.rnn.w_c`);
    vector(`block.${l}.gru.candidate.bias`, `blocks.${l}.rnn.b_c`);
    residual(`block.${l}`, `blocks.${l}.l1`, `blocks.${l}.ff`, `blocks.${l}.l2`);
  }
  linear('memory.key.weight', d, d, 'mem.Wk');
  linear('memory.value.weight', d, d, 'mem.Wv');
  linear('memory.query.weight', d, d, 'mem.Wq');
  linear('memory.gate.weight', d, slots, 'mem.Wf');
  vector('memory.gate.bias', 'mem.Wf.bias');
  linear('memory.output.weight', d, d, 'mem.Wo');
  vector('memory.slot.bias', 'mem.prior');
  residual('join', 'ml', 'mff', 'ml2');
  vector('output.bias', 'b');
  tensors.set('rules.offsets', { shape: [items + 2], data: new Int32Array(items + 2) });
  tensors.set('rules.items', { shape: [0], data: new Int32Array(0) });
  put('rules.values', [0], []);

  return {
    dimensions: { width: d, slots, blocks: layers, items, attributes: 0 },
    vocabulary: new Vocabulary(Array.from({ length: items }, (_, index) => `item-${index + 1}`)),
    attributes: [],
    blend: { weight: 0, scale: 0 },
    tensors,
  };
}

/** [outputs inputs] -> [inputs outputs] */
function transposed(numbers: readonly number[], inputs: number, outputs: number): number[] {
  return numbers.map((_, at) => numbers[(at % outputs) * inputs + Math.floor(at / outputs)] ?? NaN);
}

/** E + attributes A */
function foldedTable(
  table: readonly number[],
  width: number,
  attributes: Fixture['attributes'],
  vectors: Nested | undefined,
): readonly number[] {
  if (attributes === undefined) return table;
  const own = flat(vectors);
  return table.map((value, at) => {
    const weights = attributes[Math.floor(at / width)] ?? [];
    return weights.reduce((sum, weight, a) => sum + weight * (own[a * width + (at % width)] ?? NaN), value);
  });
}
