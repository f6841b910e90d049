/**
 * The golden files: the network in PyTorch, its weights under PyTorch's names, brought into the names and layout of
 * this network.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dimensions } from '../../src/model/dimensions.js';
import type { Parameter, Parameters } from '../../src/training/parameters.js';

type Numbers = readonly (number | Numbers)[];

interface Golden {
  readonly sizes: { readonly d: number; readonly slots: number; readonly items: number; readonly layers: number };
  readonly weights: Readonly<Record<string, Numbers>>;
  readonly sequences: readonly (readonly number[])[];
}

/** What one event leaves, for both sequences: [2 d] query vectors, [2 items] scores. */
export interface GoldenSteps extends Golden {
  readonly steps: readonly { readonly u: readonly number[][]; readonly scores: readonly number[][] }[];
}

export interface GoldenTraining extends Golden {
  /** dense weights of each row's attributes, [items + 1, attributes] */
  readonly attributes: readonly (readonly number[])[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

/** Read from the checkout's root, so that compiled tests find it too. */
export async function golden<Kind extends Golden>(name: string): Promise<Kind> {
  return JSON.parse(await readFile(join('test', 'golden', `${name}.json`), 'utf8')) as Kind;
}

export function dimensionsOf({ sizes }: Golden, attributes = 0): Dimensions {
  return { width: sizes.d, slots: sizes.slots, blocks: sizes.layers, items: sizes.items, attributes };
}

/** Weights or gradients: PyTorch keeps [out, in] where this network keeps [in, out], but for the hand-written GRU. */
export function parametersOf(tensors: Readonly<Record<string, Numbers>>): Parameters {
  return new Map(Object.entries(tensors).map(([name, numbers]) => converted(name, numbers)));
}

const names: readonly (readonly [RegExp, string])[] = [
  [/^emb\.weight$/, 'item.embedding'],
  [/^aemb$/, 'attribute.embedding'],
  [/^b$/, 'output.bias'],
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

function converted(torchName: string, numbers: Numbers): [string, Parameter] {
  const rule = names.find(([pattern]) => pattern.test(torchName));
  if (rule === undefined) throw new Error(`the golden file has an unknown tensor ${torchName}`);
  const name = torchName.replace(...rule).replace(/(norm\d?)\.weight$/, '$1.gain');
  if (name === 'memory.slot.bias') return [name, tensorOf(numbers[0] as Numbers)];
  return [name, isTransposed(torchName) ? transposed(numbers as readonly (readonly number[])[]) : tensorOf(numbers)];
}

function isTransposed(torchName: string): boolean {
  return /^(blocks\.\d\.ff|mem\.W.|mff).*weight$/.test(torchName);
}

function tensorOf(numbers: Numbers): Parameter {
  const shape: number[] = [];
  for (let part: number | Numbers | undefined = numbers; Array.isArray(part); part = (part as Numbers)[0]) {
    shape.push((part as Numbers).length);
  }
  return { shape, data: Float32Array.from((numbers as number[][]).flat(shape.length - 1) as number[]) };
}

function transposed(rows: readonly (readonly number[])[]): Parameter {
  const columns = rows[0]?.length ?? 0;
  const data = Float32Array.from(
    { length: rows.length * columns },
    (_, at) => rows[at % rows.length]?.[Math.floor(at / rows.length)] ?? 0,
  );
  return { shape: [columns, rows.length], data };
}
