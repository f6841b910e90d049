/**
 * Items that a training never sees: a tenth of a set's items, drawn by a seed, is cut out of all sequences. What is left is trained on
 * by leave-one-out as ever. Asked are
 *
 *   cold   every interaction with a cut item that came after all that its user's training has, by the learned items before it
 *   warm   the last learned item of each user, by those before it: leave-one-out's test
 */
import { readFilms, readRatings } from '../../src/cli/demo/movielens.js';
import { datasets, readDataset, type Dataset, type DatasetName } from '../../src/training/reproduce/datasets.js';
import { trainingLength, leastEvents } from '../../src/training/log/held-out.js';
import { recipeFor, type Hyperparameters } from '../../src/training/hyperparameters.js';
import { Random } from '../../src/training/random.js';
import { SequenceCollector, sequenceOf, userCount, type SequenceLog } from '../../src/training/log/sequences.js';
import type { ItemContentRow } from '../../src/storage/item-content.store.js';

const coldShare = 0.1;

export interface BenchSet {
  readonly title: string;
  /** items of each user, oldest first */
  readonly sequences: readonly (readonly string[])[];
  readonly content: ReadonlyMap<string, ItemContentRow>;
  readonly recipe: Hyperparameters;
}

export interface ColdCase {
  /** learned items, oldest first */
  readonly history: readonly string[];
  /** cut items that the user had before */
  readonly seen: ReadonlySet<string>;
  readonly target: string;
}

export interface ColdSplit {
  readonly cold: readonly string[];
  readonly log: SequenceLog;
  readonly coldCases: readonly ColdCase[];
  readonly warmCases: readonly ColdCase[];
}

/** MovieLens of this repository: genres, and the words of the titles. */
export function filmSet(): BenchSet {
  const sequences = new Map<string, string[]>();
  for (const { userId, itemId } of readRatings()) {
    const own = sequences.get(userId);
    if (own === undefined) sequences.set(userId, [itemId]);
    else own.push(itemId);
  }
  const content = readFilms().map(({ id, title, categories }) => ({ id, categories, text: title, vector: null }));
  const all = [...sequences.values()];
  const events = all.reduce((sum, { length }) => sum + length, 0);
  return {
    title: 'MovieLens latest-small, genres and title words',
    sequences: all,
    content: new Map(content.map((item) => [item.id, item])),
    recipe: recipeFor({ events, users: all.length }),
  };
}

export async function publicSet(name: DatasetName, folder: string): Promise<BenchSet> {
  const dataset: Dataset = datasets[name];
  const { vocabulary, attributes, itemAttributes, users } = await readDataset(folder, dataset);
  const idsOf = (rows: Int32Array): readonly string[] => Array.from(rows, (row) => vocabulary[row - 1] ?? '');
  const content = vocabulary.map((id, index): ItemContentRow => {
    const own = itemAttributes.ids.subarray(itemAttributes.offsets[index + 1], itemAttributes.offsets[index + 2]);
    return { id, categories: Array.from(own, (at) => attributes[at] ?? ''), text: '', vector: null };
  });
  return {
    title: dataset.title,
    sequences: Array.from({ length: userCount(users) }, (_, user) => idsOf(sequenceOf(users, user))),
    content: new Map(content.map((item) => [item.id, item])),
    recipe: dataset.recipe,
  };
}

export function coldSplit({ sequences, content }: BenchSet, seed: number): ColdSplit {
  const items = [...new Set(sequences.flat())].sort();
  new Random(seed + 1000).shuffle(items);
  const cold = items.slice(0, Math.round(coldShare * items.length));
  const isCold = new Set(cold);
  const collector = new SequenceCollector();
  const coldCases: ColdCase[] = [];
  const warmCases: ColdCase[] = [];
  for (const sequence of sequences) {
    const learned = sequence.filter((id) => !isCold.has(id));
    for (const id of learned) collector.add(id);
    collector.endUser();
    let before = 0; //                                          learned items
    sequence.forEach((target, at) => {
      const one = { history: learned.slice(0, before), target };
      const seen = new Set(sequence.slice(0, at).filter((id) => isCold.has(id)));
      if (!isCold.has(target)) {
        before++;
        if (before === learned.length && before >= leastEvents) warmCases.push({ ...one, seen });
      } else if (before > 0 && before >= trainingLength(learned.length) && !seen.has(target)) {
        coldCases.push({ ...one, seen });
      }
    });
  }
  const log = collector.finish((id) => content.get(id)?.categories ?? []);
  return { cold, log, coldCases, warmCases };
}
