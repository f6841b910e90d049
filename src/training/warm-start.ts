/**
 * A training that starts from the weights of an earlier model instead of chance.
 *
 * Each training numbers its vocabulary anew, so that rows of items, attributes and kinds are found by name; those that are gone are
 * left behind. What is new, and parts that the earlier model had switched off, start as in a training from scratch: a new item's
 * vector is so small beside its attributes' (E' = E + W A) that at first it is what they are, and not zero, or all new items without
 * attributes would look alike behind the input's norm. But its output bias is one that few known items are below: nobody has
 * asked for it yet. Everything else is copied, so that the network must have the same sizes.
 *
 * Embeddings and output biases are shrunk on the way, as in Shrink and Perturb (Ash and Adams, 2020), without the noise: their
 * directions stay, but the scores are less sure of what the earlier log made of them, and what is new can catch up. With the
 * double rate it makes half of the epochs enough; `test/bench/warm-start.ts` measures it.
 *
 * What Adam knew is not kept with a model: its moments start at zero, and the warm-up of one epoch is as useful as
 * from scratch.
 *
 * The earlier model learned from prefixes of the histories that this training learns from, so that what is held out
 * now is new to it. Except: of a user who had two interactions then and three now it saw the validation's target, and where the
 * end of a history was deleted it may have seen both.
 */
import { readFile } from 'node:fs/promises';
import { RecollectError } from '../errors.js';
import { decodeCheckpoint, type Checkpoint } from '../model/checkpoint.js';
import type { Dimensions } from '../model/dimensions.js';
import type { Hyperparameters } from './hyperparameters.js';
import { initialParameters, type Parameter, type Parameters } from './graph/parameters.js';
import { cooccurrenceTable } from './start/cooccurrence.js';
import type { Split } from './log/split.js';
import type { TrainingJob } from './training-job.js';

/**
 * What embeddings and output biases are multiplied by. Measured on Amazon Beauty, best validation NDCG@10 of 8 epochs: .0775 with
 * 0.6 and the double rate, .0767 with 1 and the double rate; from scratch .0768 in 16 epochs.
 */
const shrink = 0.6;
/** The highest rate that a recipe from scratch has; nothing above it was tried with long histories. */
const highestRate = 6e-3;
/** Share of the known items whose output bias is below that of a new item. */
const newBiasQuantile = 0.1;

type Names = Pick<Split, 'vocabulary' | 'attributes' | 'kinds'>;

/** What a training begins with. */
export interface Start {
  readonly parameters: Parameters;
  readonly hyperparameters: Hyperparameters;
  /** why the weights that were given are not used; null: they are, or none were given */
  readonly refused: string | null;
}

/** From scratch, as the recipe says. */
function freshParameters(
  { training }: Pick<Split, 'training'>,
  dimensions: Dimensions,
  { seed, itemStart }: Hyperparameters,
): Parameters {
  const chance = initialParameters(dimensions, seed);
  const table = chance.get('item.embedding');
  if (itemStart === 'chance' || table === undefined) return chance;
  return new Map(chance).set('item.embedding', {
    ...table,
    data: cooccurrenceTable(training, dimensions, table.data, seed),
  });
}

/** The weights of `warmStart` and the recipe that goes with them where they fit, else chance and the whole recipe. */
export async function startOf(
  warmStart: TrainingJob['warmStart'],
  split: Names & Pick<Split, 'training'>,
  dimensions: Dimensions,
  hyperparameters: Hyperparameters,
): Promise<Start> {
  const fresh = (): Parameters => freshParameters(split, dimensions, hyperparameters);
  if (warmStart === undefined || warmStart === null) return { parameters: fresh(), hyperparameters, refused: null };
  try {
    const checkpoint = decodeCheckpoint(await readFile(warmStart.file));
    const chance = initialParameters(dimensions, hyperparameters.seed);
    const parameters = warmParameters(checkpoint, split, dimensions, chance);
    return { parameters, hyperparameters: warmRecipe(hyperparameters), refused: null };
  } catch (error) {
    if (!(error instanceof RecollectError) || error.code !== 'CHECKPOINT_INVALID') throw error;
    return { parameters: fresh(), hyperparameters, refused: error.message };
  }
}

/** Half of the epochs at the double rate. */
export function warmRecipe(hyperparameters: Hyperparameters): Hyperparameters {
  const { epochs, learningRate } = hyperparameters;
  return {
    ...hyperparameters,
    epochs: Math.ceil(epochs / 2),
    learningRate: Math.max(learningRate, Math.min(2 * learningRate, highestRate)),
  };
}

/** `fresh` gives the shapes and what is new. Throws CHECKPOINT_INVALID for a network of other sizes. */
export function warmParameters(
  { dimensions: old, vocabulary, attributes, kinds, tensors }: Checkpoint,
  names: Names,
  dimensions: Dimensions,
  fresh: Parameters,
): Parameters {
  refuseOtherSizes(old, dimensions);
  const items = placesOf(vocabulary.ids, names.vocabulary);
  return new Map(
    [...fresh].map(([name, parameter]): [string, Parameter] => {
      const data = tensors.get(name)?.data;
      if (!(data instanceof Float32Array)) return [name, parameter]; // a part that was switched off
      switch (name) {
        case 'item.embedding':
          return [name, rowsFrom(shrunk(data), parameter, below(items))];
        case 'attribute.embedding':
          return [name, rowsFrom(shrunk(data), parameter, placesOf(attributes, names.attributes))];
        case 'kind.embedding':
          return [name, rowsFrom(data, parameter, below(placesOf(kinds, names.kinds)))];
        case 'output.bias': {
          const biases = shrunk(data);
          return [name, rowsFrom(biases, filled(parameter, quantile(biases, newBiasQuantile)), items)];
        }
        default:
          return [name, { shape: parameter.shape, data: data.slice() }];
      }
    }),
  );
}

/** Of each name its place in the earlier list; undefined: it is new. */
function placesOf(earlier: readonly string[], names: readonly string[]): readonly (number | undefined)[] {
  const places = new Map(earlier.map((name, place) => [name, place]));
  return names.map((name) => places.get(name));
}

/** The same of a table whose row 0 stands for what is unknown. */
function below(places: readonly (number | undefined)[]): readonly (number | undefined)[] {
  return [0, ...places.map((place) => (place === undefined ? undefined : place + 1))];
}

/** `otherwise` with the rows that the earlier tensor has, which lie at `places` of it. */
function rowsFrom(
  earlier: Float32Array,
  { shape, data: otherwise }: Parameter,
  places: readonly (number | undefined)[],
): Parameter {
  const [, width = 1] = shape;
  const data = otherwise.slice();
  places.forEach((place, row) => {
    if (place !== undefined) data.set(earlier.subarray(place * width, (place + 1) * width), row * width);
  });
  return { shape, data };
}

function filled({ shape, data }: Parameter, value: number): Parameter {
  return { shape, data: new Float32Array(data.length).fill(value) };
}

function shrunk(values: Float32Array): Float32Array {
  return values.map((value) => shrink * value);
}

function quantile(values: Float32Array, share: number): number {
  return values.slice().sort()[Math.floor(share * (values.length - 1))] ?? 0;
}

/** Items, attributes and kinds may come and go, and a part may be switched on or off; what is copied whole keeps its sizes. */
function refuseOtherSizes(old: Dimensions, wanted: Dimensions): void {
  for (const name of ['width', 'slots', 'blocks', 'heads', 'gaps', 'outputLength'] as const) {
    const isSwitched = name === 'gaps' && (old.gaps === 0 || wanted.gaps === 0);
    if (isSwitched || old[name] === wanted[name]) continue;
    throw new RecollectError(
      'CHECKPOINT_INVALID',
      `its weights do not fit: ${name} of it is ${old[name]}, of this training ${wanted[name]}`,
    );
  }
}
