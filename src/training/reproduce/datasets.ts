/**
 * Public data sets for measuring, by name: their files in a folder of data, the recipe, what is held out, and what has been
 * published for the same preprocessing, split and full ranking. None of them is part of this repository.
 *
 *   s3rec           reviews, check-ins and artists as S3-Rec has them, with item attributes
 *   ml-1m           variant A: the order of SASRec's file; variant B: the order of LRURec's
 *   amazon-video    as SASRec has it
 *   sessions        clicks of anonymous visitors; items repeat, so seen ones stay in the ranking
 */
import { readInteractions, type AttributeFiles, type InteractionFiles } from './dataset-files.js';
import type { SplitChoice } from '../log/held-out.js';
import { defaultHyperparameters, type Hyperparameters } from '../hyperparameters.js';
import type { Quality } from '../evaluation/metrics.js';
import type { SequenceLog } from '../log/sequences.js';
import type { SeenItems } from '../log/split.js';

export interface SessionQuality {
  readonly recallAt20: number;
  readonly mrrAt20: number;
}

export interface Dataset {
  readonly title: string;
  readonly files: InteractionFiles;
  /** null: the set has none, or they are left out */
  readonly attributes: AttributeFiles | null;
  readonly recipe: Hyperparameters;
  readonly split: SplitChoice;
  readonly seen: SeenItems;
  /** the best row that is known; none where none is for the same split and ranking */
  readonly published?: (Quality | SessionQuality) & { readonly by: string };
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
/** The rules of the baselines, where the blend's own count did not bring more. */
const plainRules = { rulesGapPower: 1, rulesTargetPower: 0, rulesPlacePower: 1 } as const;
const dense: Hyperparameters = {
  ...defaultHyperparameters,
  dropout: 0.2,
  batchPositions: 4096,
  window: 200,
  learningRate: 2e-3,
  averageDecay: 0.999,
  epochs: 54,
  patience: 8,
  ...plainRules,
};
const short: Hyperparameters = {
  ...sparse,
  dropout: 0.3,
  batchPositions: 4096,
  recencyDecay: 1,
  recencyFloor: 0,
  recencyHalfLife: 0.3,
  outputLength: 1,
  sampledAbove: 0,
  rulesBackward: 0.5,
  ...plainRules,
  epochs: 8,
  patience: 3,
};

const users = { split: { kind: 'leave-one-out' }, seen: 'removed' } as const;

/** Without attributes an item has little but its neighbours to start from; with them, such a start learns the training by heart. */
const withoutAttributes = { width: 128, itemStart: 'cooccurrence' } as const;

function s3rec(file: string, title: string, { recipe, published }: Pick<Dataset, 'recipe' | 'published'>) {
  const more = published === undefined ? {} : { published };
  const shared = { files: { form: 'users', file: `s3rec/${file}.txt.gz` }, ...users, ...more, recipe } as const;
  const attributes = { form: 'json', file: `s3rec/${file}_item2attributes.json.gz` } as const;
  return {
    plain: {
      ...shared,
      title: `${title}, no attributes`,
      attributes: null,
      recipe: { ...recipe, ...withoutAttributes },
    },
    withAttributes: { ...shared, title: `${title}, attributes`, attributes },
  };
}

function sessions(folder: string, title: string, testSessions: number, firstPrefix = 1): Dataset {
  return {
    title,
    files: {
      form: 'sessions',
      training: `sessions/${folder}/train.txt.gz`,
      test: `sessions/${folder}/test.txt.gz`,
      testSessions,
    },
    attributes: null,
    recipe: short,
    split: { kind: 'sessions', testSequences: testSessions, firstPrefix },
    seen: 'kept',
  };
}

const bsarec = 'BSARec, no attributes';
const beauty = s3rec('Beauty', 'Amazon Beauty', {
  recipe: { ...sparse, width: 128 },
  published: { hrAt10: 0.1002, ndcgAt10: 0.061, by: bsarec },
});
const toys = s3rec('Toys_and_Games', 'Amazon Toys', {
  recipe: { ...sparse, epochs: 14 },
  published: { hrAt10: 0.1078, ndcgAt10: 0.0663, by: bsarec },
});
const sports = s3rec('Sports_and_Outdoors', 'Amazon Sports', {
  recipe: { ...sparse, epochs: 12, batchPositions: 1536 },
  published: { hrAt10: 0.0603, ndcgAt10: 0.0348, by: bsarec },
});
const filmsA: Dataset = {
  title: 'MovieLens 1M, order A',
  files: { form: 'users', file: 'ml-1m/sasrec-order.txt.gz' },
  attributes: null,
  recipe: dense,
  ...users,
  published: { hrAt10: 0.3159, ndcgAt10: 0.1857, by: 'SASRec, 3,000 negatives' },
};

export const datasets = {
  'ml-1m-a': filmsA,
  'ml-1m-a-genres': {
    ...filmsA,
    title: 'MovieLens 1M, order A, genres and decades',
    attributes: { form: 'films', file: 'ml-1m/movies.dat', items: 'ml-1m/sas_to_original_items.txt' },
  },
  'ml-1m-b': {
    ...filmsA,
    title: 'MovieLens 1M, order B',
    files: { form: 'users', file: 'ml-1m/time-id-order.txt.gz' },
    recipe: { ...dense, width: 96, dropout: 0.25, epochs: 24 },
    published: { hrAt10: 0.3264, ndcgAt10: 0.193, by: 'LRURec' },
  },
  beauty: beauty.withAttributes,
  'beauty-plain': beauty.plain,
  toys: toys.withAttributes,
  'toys-plain': toys.plain,
  sports: sports.withAttributes,
  'sports-plain': sports.plain,
  yelp: s3rec('Yelp', 'Yelp', { recipe: sparse }).withAttributes,
  lastfm: s3rec('LastFM', 'LastFM', { recipe: sparse }).withAttributes,
  'amazon-video': {
    title: 'Amazon Video Games',
    files: { form: 'pairs', file: 'amazon-video/Video.txt.gz' },
    attributes: null,
    recipe: sparse,
    ...users,
  },
  diginetica: {
    ...sessions('diginetica', 'Diginetica', 15_963),
    published: { recallAt20: 0.5422, mrrAt20: 0.1904, by: 'GCE-GNN' },
  },
  yoochoose1_64: sessions('yoochoose1_64', 'Yoochoose 1/64', 15_324),
  retailrocket: sessions('retailrocket', 'RetailRocket', 4_735, 2),
  tmall: sessions('tmall', 'Tmall', 1_027),
  nowplaying: sessions('nowplaying', 'Nowplaying', 14_479),
} as const satisfies Readonly<Record<string, Dataset>>;

export type DatasetName = keyof typeof datasets;

export async function readDataset(folder: string, { files, attributes }: Dataset): Promise<SequenceLog> {
  return readInteractions(folder, files, attributes);
}
