import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../../errors.js';
import { popularity } from '../evaluation/baselines.js';
import { batchesOf, fill, windowsOf } from './batches.js';
import { quality } from '../evaluation/metrics.js';
import { Random } from '../random.js';
import { ranksOf } from '../evaluation/scoring.js';
import { SequenceCollector, sequenceOf, userCount } from './sequences.js';
import { leaveOneOut, sample } from './split.js';

function logOf(sequences: readonly (readonly string[])[], attributesOf: (item: string) => string[] = () => []) {
  const collector = new SequenceCollector();
  for (const items of sequences) {
    for (const item of items) collector.add(item);
    collector.endUser();
  }
  return collector.finish(attributesOf);
}

function codeOf(fails: () => unknown): string {
  try {
    fails();
  } catch (error) {
    if (error instanceof RecollectError) return error.code;
  }
  return 'no error';
}

describe('leaveOneOut', () => {
  const split = leaveOneOut(
    logOf([
      ['a', 'b', 'c', 'd'],
      ['new', 'b'],
      ['c', 'only at the end', 'a'],
    ]),
  );
  const named = (rows: Int32Array) => [...rows].map((row) => split.vocabulary[row - 1] ?? 'unknown');

  it('trains on all but the last two interactions, and on all of a user with fewer than three', () => {
    expect([0, 1, 2].map((user) => named(sequenceOf(split.training, user)))).toEqual([['a', 'b'], ['new', 'b'], ['c']]);
  });

  it('asks for the second last item on validation and for the last one in the test, after everything before it', () => {
    expect(split.validation.map(({ history, target }) => [named(history), named(Int32Array.of(target))])).toEqual([
      [['a', 'b'], ['c']],
      [['c'], ['unknown']],
    ]);
    expect(split.test.map(({ history, target }) => [named(history), named(Int32Array.of(target))])).toEqual([
      [['a', 'b', 'c'], ['unknown']],
      [['c', 'unknown'], ['a']],
    ]);
  });

  it('knows only the items with a training interaction, in the order of training', () => {
    expect(split.vocabulary).toEqual(['a', 'b', 'new', 'c']);
  });

  it('keeps the attributes of those items, under their new rows', () => {
    const attributes: Record<string, string[]> = { b: ['blue'], d: ['lost'], new: ['green', 'blue'] };
    const sequences = [['a', 'b', 'd', 'a'], ['new']];
    const { attributes: names, itemAttributes } = leaveOneOut(logOf(sequences, (item) => attributes[item] ?? []));
    expect(names).toEqual(['blue', 'green']);
    expect([...itemAttributes.offsets]).toEqual([0, 0, 0, 1, 3]); // rows: none, a, b, new
    expect([...itemAttributes.ids]).toEqual([0, 1, 0]);
  });

  it('refuses a log that is too small, with what it has and what it needs', () => {
    const refused = (sequences: readonly (readonly string[])[]) => () => leaveOneOut(logOf(sequences));
    expect(refused([])).toThrow(/0 interactions of 0 users with 0 items/);
    expect(
      refused([
        ['a', 'b'],
        ['b', 'a'],
      ]),
    ).toThrow(/at least 3 interactions: 0 \(needed: 1\)/);
    expect(refused([['a', 'a', 'a', 'b', 'c']])).toThrow(/3 interactions with 1 items remain \(needed: 2 items\)/);
    expect(
      refused([
        ['a', 'b', 'c'],
        ['b', 'c', 'a'],
      ]),
    ).toThrow(/of which 0 follow another one .*\(needed: 1\)/);
    expect(codeOf(refused([]))).toBe('TRAINING_DATA_INSUFFICIENT');
  });

  it.each([
    ['an empty log', [], '0 interactions of 0 users with 0 items'],
    ['one item only', [['a', 'a', 'a', 'a']], '2 interactions with 1 items remain \\(needed: 2 items\\)'],
    ['a user with one event', [['a']], 'at least 3 interactions: 0 \\(needed: 1\\)'],
    ['users with one event each', [['a'], ['b'], ['c']], 'of which 0 follow another one'],
  ])('refuses %s', (_, sequences, why) => {
    const split = () => leaveOneOut(logOf(sequences));
    expect(codeOf(split)).toBe('TRAINING_DATA_INSUFFICIENT');
    expect(split).toThrow(new RegExp(why));
  });

  it('takes one user with enough of a history, and users with one event beside it', () => {
    const { training, validation, test } = leaveOneOut(logOf([['a', 'b', 'a', 'b'], ['c']]));
    expect([...training.rows]).toEqual([1, 2, 3]);
    expect([...validation, ...test].map(({ target }) => target)).toEqual([1, 2]);
  });

  it('asks for targets that were never seen in training as row 0, which nothing finds', () => {
    const { test, vocabulary } = leaveOneOut(
      logOf([
        ['a', 'b', 'new 1', 'new 2'],
        ['b', 'a', 'new 3', 'new 4'],
      ]),
    );
    expect(test.map(({ target }) => target)).toEqual([0, 0]);
    expect(quality(ranksOf(popularity(leaveOneOut(logOf([['a', 'b', 'x', 'y']])).training, 2), test)).hrAt10).toBe(0);
    expect(vocabulary).toEqual(['a', 'b']);
  });

  it('shows the validation and test items to no batch', () => {
    const random = new Random(3);
    const sequences = Array.from({ length: 40 }, (_, user) =>
      Array.from({ length: 6 + (user % 9) }, () => `item ${random.below(12)}`),
    );
    const changed = sequences.map((items) => [...items.slice(0, -2), 'item 0', 'item 1']);
    const batches = (log: readonly (readonly string[])[]) => {
      const { training, vocabulary } = leaveOneOut(logOf(log));
      const of = batchesOf(windowsOf(training, 5), 32, new Random(9)).map((windows) => fill(training, windows));
      return { of, vocabulary, users: userCount(training) };
    };
    expect(batches(changed)).toEqual(batches(sequences));
    expect(leaveOneOut(logOf(changed)).test).not.toEqual(leaveOneOut(logOf(sequences)).test);
  });
});

describe('sample', () => {
  const cases = Array.from({ length: 50 }, (_, target) => ({
    history: Int32Array.of(1),
    excluded: Int32Array.of(1),
    target,
    user: target,
  }));

  it('draws by the seed, and takes all where there are few', () => {
    const targets = (seed: number) => sample(cases, 20, seed).map(({ target }) => target);
    expect(new Set(targets(1)).size).toBe(20);
    expect(targets(1)).toEqual(targets(1));
    expect(targets(1)).not.toEqual(targets(2));
    expect(sample(cases, 50, 1)).toBe(cases);
  });
});
