/**
 * Golden tensors: what the PyTorch reference computed, under the names and in the layout of a checkpoint.
 * network-*.json are written by the reference's golden.py, network-training-*.json by training.py beside this file.
 * PyTorch's Linear keeps its weight as [outputs inputs], a checkpoint as [inputs outputs]; the reference's GRU cell has it so already.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint, Tensor } from '../../src/model/checkpoint.js';
import type { Dimensions } from '../../src/model/dimensions.js';
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
  /** indices of kinds and of gap buckets, as the sequences; only where the network has vectors for them */
  readonly kinds?: readonly (readonly number[])[];
  readonly gaps?: readonly (readonly number[])[];
}

/** After one event of every sequence (B of them). */
export interface GoldenStep {
  /** [L B d] */
  readonly h: readonly (readonly (readonly number[])[])[];
  /** [B H S d/H] */
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
  readonly 'network-d8-s4-h2.json': StepFixture;
  readonly 'network-training-d8-s4.json': TrainingFixture;
  readonly 'network-training-d8-s4-h2.json': TrainingFixture;
}

type FloatTensor = Tensor & { readonly data: Float32Array };

/** A fixture of this folder, by its file name; found from the checkout's root, as compiled tests lie elsewhere. */
export function readFixture<Name extends keyof Fixtures>(name: Name): Fixtures[Name] {
  return JSON.parse(readFileSync(join('test', 'golden', name), 'utf8')) as Fixtures[Name];
}

export function flat(nested: Nested | undefined): number[] {
  if (nested === undefined) throw new Error('the fixture lacks a weight');
  return typeof nested === 'number' ? [nested] : nested.flatMap(flat);
}

export function dimensionsOf({ sizes, attributes, weights }: Fixture): Dimensions {
  const { d, slots, layers, items, heads } = sizes;
  const rowsBehindFirst = (name: string) => Math.max(0, flat(weights[name] ?? []).length / d - 1);
  const switches = { heads, kinds: rowsBehindFirst('kinds'), gaps: rowsBehindFirst('gaps'), outputLength: 0 };
  return { width: d, slots, blocks: layers, items, attributes: attributes?.[0]?.length ?? 0, ...switches };
}

/** The attributes of each row as lists, as a checkpoint has them: row i has ids[offsets[i]] up to ids[offsets[i + 1]]. */
export function attributesOf({ attributes = [] }: Fixture): { readonly offsets: Int32Array; readonly ids: Int32Array } {
  const lists = attributes.map((row) => row.flatMap((weight, attribute) => (weight === 0 ? [] : [attribute])));
  const offsets = Int32Array.from([0, ...lists], (_, row) => lists.slice(0, row).flat().length);
  return { offsets, ids: Int32Array.from(lists.flat()) };
}

/** The reference's names, and those of a checkpoint. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^emb\.weight$/, 'item.embedding'],
  [/^aemb$/, 'attribute.embedding'],
  [/^b$/, 'output.bias'],
  [/^kinds$/, 'kind.embedding'],
  [/^gaps$/, 'gap.embedding'],
  [/^eln\./, 'input.norm.'],
  [/^blocks\.(\d)\.rnn\.w_ru$/, 'block.$1.gru.gates.weight'],
  [/^blocks\.(\d)\.rnn\.b_ru$/, 'block.$1.gru.gates.bias'],
  [/^blocks\.(\d)\.rnn\.w_c$/, 'block.$1.gru.candidate.weight'],
  [/^blocks\.(\d)\.rnn\.b_c$/, 'block.$1.gru.candidate.bias'],
  [/^blocks\.(\d)\.l([12])\./, 'block.$1.norm$2.'],
  [/^blocks\.(\d)\.ff\.0\./, 'block.$1.ffn.up.'],
  [/^blocks\.(\d)\.ff\.3\./, 'block.$1.ffn.down.'],
  [/^mem\.prior$/, 'memory.slot.bias'],
  [/^mem\.Wk\./, 'memory.key.'],
  [/^mem\.Wv\./, 'memory.value.'],
  [/^mem\.Wq\./, 'memory.query.'],
  [/^mem\.Wf\./, 'memory.gate.'],
  [/^mem\.Wo\./, 'memory.output.'],
  [/^ml\./, 'join.norm1.'],
  [/^ml2\./, 'join.norm2.'],
  [/^mff\.0\./, 'join.ffn.up.'],
  [/^mff\.3\./, 'join.ffn.down.'],
];

/** Weights or gradients. */
export function parametersOf(tensors: Readonly<Record<string, Nested>>): ReadonlyMap<string, FloatTensor> {
  return new Map(
    Object.entries(tensors).map(([torchName, numbers]): [string, FloatTensor] => {
      const rule = names.find(([pattern]) => pattern.test(torchName));
      if (rule === undefined) throw new Error(`the fixture has an unknown tensor ${torchName}`);
      const name = torchName.replace(...rule).replace(/(norm\d?)\.weight$/, '$1.gain');
      if (name === 'memory.slot.bias') return [name, tensorOf(flat(numbers))]; // [H S], head by head
      return [name, isLinear(torchName) ? transposed(tensorOf(numbers)) : tensorOf(numbers)];
    }),
  );
}

/** The reference's network, with no transitions. */
export function checkpointOf(fixture: Fixture): Checkpoint {
  const dimensions = dimensionsOf(fixture);
  const { items, attributes } = dimensions;
  const tensors = new Map<string, Tensor>(parametersOf(fixture.weights));
  const put = (name: string, data: Float32Array | Int32Array) => tensors.set(name, { shape: [data.length], data });
  if (attributes > 0) {
    const { offsets, ids } = attributesOf(fixture);
    put('item.attribute.offsets', offsets);
    put('item.attribute.ids', ids);
  }
  put('rules.offsets', new Int32Array(items + 2));
  put('rules.items', new Int32Array(0));
  put('rules.values', new Float32Array(0));
  return {
    dimensions,
    vocabulary: new Vocabulary(Array.from({ length: items }, (_, index) => `item-${index + 1}`)),
    attributes: Array.from({ length: attributes }, (_, index) => `attribute-${index + 1}`),
    kinds: Array.from({ length: dimensions.kinds }, (_, index) => `kind-${index + 1}`),
    blend: { weight: 0, scale: 0, placePower: 1, repeat: 0 },
    tensors,
  };
}

function isLinear(torchName: string): boolean {
  return /^(blocks\.\d\.ff|mem\.W.|mff).*weight$/.test(torchName);
}

function tensorOf(nested: Nested | undefined): FloatTensor {
  const shape: number[] = [];
  for (let part = nested; part !== undefined && typeof part !== 'number'; part = part[0]) shape.push(part.length);
  return { shape, data: Float32Array.from(flat(nested)) };
}

/** [outputs inputs] -> [inputs outputs] */
function transposed({ shape, data }: FloatTensor): FloatTensor {
  const [outputs = 0, inputs = 0] = shape;
  const turned = data.map((_, at) => data[(at % outputs) * inputs + Math.floor(at / outputs)] ?? NaN);
  return { shape: [inputs, outputs], data: turned };
}
