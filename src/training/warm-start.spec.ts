import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCheckpoint, type Checkpoint, type Tensor } from '../model/checkpoint.js';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { defaultHyperparameters } from './hyperparameters.js';
import { initialParameters, type Parameters } from './graph/parameters.js';
import { cooccurrenceTable } from './start/cooccurrence.js';
import { startOf, warmParameters, warmRecipe } from './warm-start.js';

const width = 8;
const hyperparameters = { ...defaultHyperparameters, width, slots: 2, blocks: 1, epochs: 9 };

/** Twenty items: output biases 0, 1, ... 19, so that the value below which a tenth of them lies is known. */
const known = Array.from({ length: 20 }, (_, n) => `item ${n}`);
const old: Checkpoint = withTensor(randomCheckpoint(known), 'output.bias', {
  shape: [20],
  data: Float32Array.from(known.keys()),
});

function withTensor(checkpoint: Checkpoint, name: string, tensor: Tensor): Checkpoint {
  return { ...checkpoint, tensors: new Map([...checkpoint.tensors, [name, tensor]]) };
}

/** The same with two attributes, `red` with a vector of ones and `blue` with one of twos. */
function withAttributes(checkpoint: Checkpoint): Checkpoint {
  const data = new Float32Array(2 * width).fill(1, 0, width).fill(2, width);
  const tensors: readonly [string, Tensor][] = [
    ['attribute.embedding', { shape: [2, width], data }],
    ['item.attribute.offsets', { shape: [22], data: new Int32Array(22) }],
    ['item.attribute.ids', { shape: [0], data: new Int32Array(0) }],
  ];
  return {
    ...checkpoint,
    attributes: ['red', 'blue'],
    dimensions: { ...checkpoint.dimensions, attributes: 2 },
    tensors: new Map([...checkpoint.tensors, ...tensors]),
  };
}

interface Wanted {
  readonly vocabulary?: readonly string[];
  readonly attributes?: readonly string[];
  readonly kinds?: readonly string[];
  readonly gaps?: number;
}

/** The parameters of a training with these names that starts from the checkpoint. */
function warm(
  checkpoint: Checkpoint,
  { vocabulary = known, attributes = [], kinds = [], gaps = 0 }: Wanted = {},
): Parameters {
  const counts = { items: vocabulary.length, attributes: attributes.length, kinds: kinds.length };
  const dimensions = { width, slots: 2, blocks: 1, heads: 1, gaps, outputLength: 0, ...counts };
  return warmParameters(checkpoint, { vocabulary, attributes, kinds }, dimensions, initialParameters(dimensions, 1));
}

/** Embeddings of items and attributes and output biases come over at 0.6 of their size, rounded to f32 once; the rest as it is. */
const shrunk = (values: readonly number[]) => values.map((value) => Math.fround(0.6 * value));
const arriving = (name: string, values: readonly number[]) =>
  ['item.embedding', 'attribute.embedding', 'output.bias'].includes(name) ? shrunk(values) : values;
const dataOf = (tensors: ReadonlyMap<string, Tensor>, name: string) => [...(tensors.get(name)?.data ?? [])];
const rowOf = (tensors: ReadonlyMap<string, Tensor>, name: string, row: number) =>
  dataOf(tensors, name).slice(row * width, (row + 1) * width);

describe('a warm start', () => {
  it('finds the weights of each item by its id in a vocabulary that was reordered', () => {
    const parameters = warm(old, { vocabulary: [...known].reverse() });
    for (const row of known.keys()) {
      expect(rowOf(parameters, 'item.embedding', row + 1)).toEqual(
        shrunk(rowOf(old.tensors, 'item.embedding', 20 - row)),
      );
    }
    expect(dataOf(parameters, 'output.bias')).toEqual(shrunk([...known.keys()].reverse()));
    expect(rowOf(parameters, 'item.embedding', 0)).toEqual(Array(width).fill(0));
  });

  it('drops items that are gone, and starts new ones at chance with a bias that few are below', () => {
    const parameters = warm(old, { vocabulary: ['new', 'item 7', 'newer'] });
    expect(parameters.get('item.embedding')?.shape).toEqual([4, width]);
    const chance = initialParameters({ ...old.dimensions, items: 3 }, 1);
    expect(rowOf(parameters, 'item.embedding', 1)).toEqual(rowOf(chance, 'item.embedding', 1));
    expect(rowOf(parameters, 'item.embedding', 2)).toEqual(shrunk(rowOf(old.tensors, 'item.embedding', 8)));
    expect(rowOf(parameters, 'item.embedding', 3)).toEqual(rowOf(chance, 'item.embedding', 3));
    expect(rowOf(parameters, 'item.embedding', 1)).not.toEqual(rowOf(parameters, 'item.embedding', 3)); // they can be told apart
    expect(dataOf(parameters, 'output.bias')).toEqual(shrunk([1, 7, 1])); // a tenth of 0 .. 19, rounded down
  });

  it('finds the vectors of attributes by name, and gives a new one its chance', () => {
    const parameters = warm(withAttributes(old), { attributes: ['blue', 'green', 'red'] });
    expect(rowOf(parameters, 'attribute.embedding', 0)).toEqual(shrunk(Array<number>(width).fill(2)));
    expect(rowOf(parameters, 'attribute.embedding', 2)).toEqual(shrunk(Array<number>(width).fill(1)));
    const green = rowOf(parameters, 'attribute.embedding', 1);
    expect(Math.max(...green.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.04));
    expect(new Set(green).size).toBeGreaterThan(1);
  });

  it('takes a model without attributes into a training with some, and the other way round', () => {
    const more = warm(old, { attributes: ['red'] });
    expect(more.get('attribute.embedding')?.shape).toEqual([1, width]);
    expect(dataOf(more, 'item.embedding')).toEqual(shrunk(dataOf(old.tensors, 'item.embedding')));
    expect(warm(withAttributes(old)).has('attribute.embedding')).toBe(false);
  });

  it('starts from exactly the numbers of the model, shrunk or not, where nothing is new, and shares no memory with it', () => {
    const parameters = warm(old);
    for (const [name, { data }] of parameters) {
      expect([name, [...data]]).toEqual([name, arriving(name, dataOf(old.tensors, name))]);
      expect(data.buffer).not.toBe(old.tensors.get(name)?.data.buffer);
    }
  });

  it('finds the vectors of kinds by name, leaves the unknown one zero, and starts a new one there too', () => {
    const checkpoint = randomCheckpoint(known, { kinds: ['view', 'purchase'] });
    const parameters = warm(checkpoint, { kinds: ['purchase', 'cart', 'view'] });
    const zeros = Array(width).fill(0);
    expect([0, 1, 2, 3].map((row) => rowOf(parameters, 'kind.embedding', row))).toEqual([
      zeros,
      rowOf(checkpoint.tensors, 'kind.embedding', 2),
      zeros,
      rowOf(checkpoint.tensors, 'kind.embedding', 1),
    ]);
  });

  it('switches kinds and time gaps on with vectors of zeros, and off by leaving theirs behind', () => {
    const on = warm(old, { kinds: ['view'], gaps: 3 });
    expect(dataOf(on, 'kind.embedding')).toEqual(Array(2 * width).fill(0));
    expect(dataOf(on, 'gap.embedding')).toEqual(Array(4 * width).fill(0));
    const off = warm(randomCheckpoint(known, { kinds: ['view'], gaps: 3 }));
    expect([off.has('kind.embedding'), off.has('gap.embedding')]).toEqual([false, false]);
  });

  it.each([
    ['width', { width: 4 }, 'width of it is 4, of this training 8'],
    ['slots', { slots: 3 }, 'slots of it is 3, of this training 2'],
    ['blocks', { blocks: 2 }, 'blocks of it is 2, of this training 1'],
    ['heads', { heads: 2 }, 'heads of it is 2, of this training 1'],
    ['gaps', { gaps: 4 }, 'gaps of it is 4, of this training 3'],
  ])('refuses a model with another number of %s', (_, sizes, reason) => {
    expect(() => warm(randomCheckpoint(known, { gaps: 3, ...sizes }), { gaps: 3 })).toThrow(reason);
  });
});

describe('the start of a training', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recollect-warm-start-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  const training = {
    offsets: Int32Array.of(0, 4, 8),
    rows: Int32Array.of(1, 2, 3, 4, 2, 1, 4, 3), // the other items have no training interaction beside another
    kinds: new Int32Array(8),
    times: new Float64Array(8),
    values: new Float32Array(8),
  };
  const split = { vocabulary: known, attributes: [], kinds: ['view'], training };
  const dimensions = {
    width,
    slots: 2,
    blocks: 1,
    items: 20,
    attributes: 0,
    heads: 1,
    kinds: 0,
    gaps: 0,
    outputLength: 0,
  };
  const start = async (bytes: Uint8Array) => {
    const file = join(folder, 'checkpoint');
    await writeFile(file, bytes);
    return startOf({ file, modelVersion: 1 }, split, dimensions, hyperparameters);
  };
  const chance = initialParameters(dimensions, hyperparameters.seed);

  it('is that of the file, with the recipe that goes with it', async () => {
    const { parameters, refused, hyperparameters: recipe } = await start(encodeCheckpoint(old));
    expect(refused).toBeNull();
    expect(recipe).toEqual(warmRecipe(hyperparameters));
    for (const [name, { data }] of parameters)
      expect([name, [...data]]).toEqual([name, arriving(name, dataOf(old.tensors, name))]);
  });

  it.each([
    [2e-3, 4e-3],
    [4e-3, 6e-3], // the highest of a recipe
    [6e-3, 6e-3],
    [1e-2, 1e-2], // chosen by hand: left alone
  ])('takes half of the epochs, rounded up, and instead of a rate of %d one of %d', (learningRate, expected) => {
    expect(warmRecipe({ ...hyperparameters, learningRate })).toEqual({
      ...hyperparameters,
      epochs: 5,
      learningRate: expected,
    });
  });

  it('is chance with the whole recipe where no file is given', async () => {
    expect(await startOf(null, split, dimensions, hyperparameters)).toEqual({
      parameters: chance,
      hyperparameters,
      refused: null,
    });
  });

  it.each([
    ['cut off', encodeCheckpoint(old).subarray(0, 2_000), 'truncated'],
    ['of other sizes', encodeCheckpoint(randomCheckpoint(known, { width: 4 })), 'width of it is 4'],
  ])('is chance with the whole recipe, and says why, where the file is %s', async (_, bytes, reason) => {
    const started = await start(bytes);
    expect(started).toEqual({ parameters: chance, hyperparameters, refused: expect.stringContaining(reason) });
  });

  it('has items from what occurs near what where the recipe says so, all else by chance, and a file goes before it', async () => {
    const recipe = { ...hyperparameters, itemStart: 'cooccurrence' } as const;
    const { parameters } = await startOf(null, split, dimensions, recipe);
    const table = chance.get('item.embedding')?.data ?? new Float32Array();
    const data = cooccurrenceTable(training, dimensions, table, hyperparameters.seed);
    expect(data).not.toEqual(table);
    expect(parameters).toEqual(new Map(chance).set('item.embedding', { shape: [21, width], data }));
    const file = join(folder, 'checkpoint');
    await writeFile(file, encodeCheckpoint(old));
    const warmed = await startOf({ file, modelVersion: 1 }, split, dimensions, recipe);
    expect(warmed.parameters).toEqual((await start(encodeCheckpoint(old))).parameters);
  });

  it('fails where the file is missing, which is no fault of the model', async () => {
    await expect(
      startOf({ file: join(folder, 'none'), modelVersion: 1 }, split, dimensions, hyperparameters),
    ).rejects.toThrow('ENOENT');
  });
});
