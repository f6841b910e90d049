/**
 * Public data sets for measuring, by name: where their files lie in a folder of data, how they are read, the recipe, and what has
 * been published for the same preprocessing, split and full ranking. None of them is part of this repository.
 *
 *   s3rec/NAME.txt.gz                      user item item ... a line, oldest first
 *   s3rec/NAME_item2attributes.json.gz     item -> [attribute]
 *   ml-1m/sasrec-order.txt.gz              the same form; variant A, the order of SASRec's file
 *   ml-1m/time-id-order.txt.gz             variant B, the order of LRURec's file
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, RecollectError } from '../errors.js';
import { defaultHyperparameters, type Hyperparameters } from './hyperparameters.js';
import type { Quality } from './metrics.js';
import { SequenceCollector, type SequenceLog } from './sequences.js';

export interface Dataset {
  readonly title: string;
  readonly sequences: string;
  /** null: the set has none, or they are left out */
  readonly attributes: string | null;
  readonly recipe: Hyperparameters;
  readonly published: Quality & { readonly by: string };
}

const sparse: Hyperparameters = {
  ...defaultHyperparameters,
  dropout: 0.5,
  batchPositions: 1024,
  window: 50,
  learningRate: 2e-3,
  recencyDecay: 0.8,
  recencyFloor: 0.2,
  epochs: 16,
  patience: 8,
};
const dense: Hyperparameters = {
  ...defaultHyperparameters,
  dropout: 0.2,
  batchPositions: 4096,
  window: 200,
  learningRate: 2e-3,
  averageDecay: 0.998,
  epochs: 36,
  patience: 8,
};

function reviews(
  file: string,
  title: string,
  recipe: Partial<Hyperparameters>,
  published: Quality,
): Readonly<Record<'plain' | 'withAttributes', Dataset>> {
  const shared = {
    sequences: `s3rec/${file}.txt.gz`,
    recipe: { ...sparse, ...recipe },
    published: { ...published, by: 'BSARec, no attributes' },
  };
  return {
    plain: { ...shared, title: `${title}, no attributes`, attributes: null },
    withAttributes: { ...shared, title: `${title}, attributes`, attributes: `s3rec/${file}_item2attributes.json.gz` },
  };
}

const beauty = reviews('Beauty', 'Amazon Beauty', {}, { hrAt10: 0.1002, ndcgAt10: 0.061 });
const toys = reviews('Toys_and_Games', 'Amazon Toys', { epochs: 14 }, { hrAt10: 0.1078, ndcgAt10: 0.0663 });
const sports = reviews(
  'Sports_and_Outdoors',
  'Amazon Sports',
  { epochs: 12, batchPositions: 1536 },
  { hrAt10: 0.0603, ndcgAt10: 0.0348 },
);

export const datasets = {
  'ml-1m-a': {
    title: 'MovieLens 1M, order A',
    sequences: 'ml-1m/sasrec-order.txt.gz',
    attributes: null,
    recipe: dense,
    published: { hrAt10: 0.3159, ndcgAt10: 0.1857, by: 'SASRec, 3,000 negatives' },
  },
  'ml-1m-b': {
    title: 'MovieLens 1M, order B',
    sequences: 'ml-1m/time-id-order.txt.gz',
    attributes: null,
    recipe: dense,
    published: { hrAt10: 0.3264, ndcgAt10: 0.193, by: 'LRURec' },
  },
  beauty: beauty.withAttributes,
  'beauty-plain': beauty.plain,
  toys: toys.withAttributes,
  'toys-plain': toys.plain,
  sports: sports.withAttributes,
  'sports-plain': sports.plain,
} as const satisfies Readonly<Record<string, Dataset>>;

export type DatasetName = keyof typeof datasets;

export async function readDataset(folder: string, { sequences, attributes }: Dataset): Promise<SequenceLog> {
  const names = attributes === null ? null : readAttributes(await readText(folder, attributes));
  const collector = new SequenceCollector();
  for (const line of (await readText(folder, sequences)).split('\n')) {
    if (line === '') continue;
    for (const item of line.split(' ').slice(1)) collector.add(item);
    collector.endUser();
  }
  return collector.finish((item) => names?.get(item) ?? []);
}

function readAttributes(text: string): ReadonlyMap<string, readonly string[]> {
  const lists = JSON.parse(text) as Readonly<Record<string, readonly number[]>>;
  return new Map(Object.entries(lists).map(([item, ids]) => [item, ids.map(String)]));
}

async function readText(folder: string, file: string): Promise<string> {
  const path = join(folder, file);
  try {
    return gunzipSync(await readFile(path)).toString('utf8');
  } catch (error) {
    throw new RecollectError(
      'BAD_INPUT',
      `${path} can not be read (${messageOf(error)}); --data names the folder with ${file}`,
    );
  }
}
