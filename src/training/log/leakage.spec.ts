/**
 * Nothing of what is held out reaches the training: whatever stands there, everything that is learned from comes out the same.
 * Held-out interactions get other items (also ones that occur nowhere else, with attributes of their own), kinds, values and times.
 */
import { describe, expect, it } from '@jest/globals';
import { markov, popularity } from '../evaluation/baselines.js';
import { batchesOf, fill, windowsOf } from './batches.js';
import type { SplitChoice } from './held-out.js';
import { defaultHyperparameters } from '../hyperparameters.js';
import { initialParameters } from '../graph/parameters.js';
import { positiveMutualInformation } from '../start/cooccurrence.js';
import { Random } from '../random.js';
import { SequenceCollector, type SequenceLog } from './sequences.js';
import { splitLog, type SeenItems } from './split.js';
import { countTransitions } from '../evaluation/transitions.js';

interface Event {
  readonly itemId: string;
  readonly kind: string;
  readonly value: number;
  readonly occurredAt: number;
}

const users = 60;
const instants = { validationFrom: 600, testFrom: 800 };

/** What a user did up to the time 1,000, in order. */
const sequences: readonly (readonly Event[])[] = Array.from({ length: users }, (_, user) => {
  const random = new Random(user);
  const times = Array.from({ length: 1 + ((user * 7) % 23) }, () => 1 + random.below(1000)).sort((a, b) => a - b);
  return times.map((occurredAt) => ({
    itemId: `item ${random.below(25)}`,
    kind: random.next() < 0.5 ? 'view' : 'purchase',
    value: random.below(5),
    occurredAt,
  }));
});

function logOf(events: readonly (readonly Event[])[]): SequenceLog {
  const collector = new SequenceCollector();
  for (const sequence of events) {
    for (const { itemId, ...rest } of sequence) collector.add(itemId, rest);
    collector.endUser();
  }
  return collector.finish((itemId) => [`first of ${itemId.slice(0, 6)}`, `end ${itemId.slice(-1)}`]);
}

/** All that a training is made of, beside the seed. */
function learnedFrom(events: readonly (readonly Event[])[], choice: SplitChoice, seen: SeenItems) {
  const split = splitLog(logOf(events), choice, seen);
  const { training, vocabulary, attributes, itemAttributes, kinds } = split;
  const items = vocabulary.length;
  const dimensions = {
    width: 8,
    slots: 2,
    blocks: 1,
    items,
    attributes: attributes.length,
    heads: 1,
    kinds: 0,
    gaps: 0,
    outputLength: 0,
  };
  const history = Int32Array.of(1, 2);
  const scores: Float64Array[] = [];
  for (const scoring of [popularity(training, items), markov(training, items)])
    scoring([history], (_, all) => scores.push(all.slice()));
  const batches = batchesOf(windowsOf(training, 5), 64, new Random(defaultHyperparameters.seed));
  return {
    held: { validation: split.validation, test: split.test },
    learned: {
      ...{ training, vocabulary, attributes, itemAttributes, kinds },
      transitions: countTransitions(training, items, { gap: 10, limit: 200 }),
      weights: initialParameters(dimensions, defaultHyperparameters.seed),
      cooccurrences: positiveMutualInformation(training, items),
      batches: batches.slice(0, 20).map((windows) => fill(training, windows)),
      scores,
    },
  };
}

/** The log with another event wherever one is held out; `isHeldOut` gets the user, the place and the event. */
function changed(isHeldOut: (user: number, at: number, event: Event) => boolean): readonly (readonly Event[])[] {
  const random = new Random(99);
  return sequences.map((sequence, user) =>
    sequence.map((event, at) => {
      if (!isHeldOut(user, at, event)) return event;
      const itemId = random.next() < 0.3 ? `new ${user}-${at}` : `item ${random.below(25)}`;
      return { itemId, kind: `kind ${random.below(9)}`, value: -random.next(), occurredAt: event.occurredAt + 0.5 };
    }),
  );
}

describe.each<[string, SplitChoice, (user: number, at: number, event: Event) => boolean]>([
  [
    'leave-one-out',
    { kind: 'leave-one-out' },
    (user, at) => {
      const length = sequences[user]?.length ?? 0;
      return length >= 3 && at >= length - 2;
    },
  ],
  ['time', { kind: 'time', ...instants, casesPerUser: 3 }, (_, __, { occurredAt }) => occurredAt >= 600],
  ['sessions', { kind: 'sessions', testSequences: 10 }, (user) => user >= 49], // 10, and one of the other 50
])('the split by %s', (_, choice, isHeldOut) => {
  it.each<SeenItems>(['removed', 'kept'])('trains on the same whatever is held out, seen items %s', (seen) => {
    const before = learnedFrom(sequences, choice, seen);
    const after = learnedFrom(changed(isHeldOut), choice, seen);
    expect(after.held).not.toEqual(before.held);
    expect(after.learned).toEqual(before.learned);
  });

  it('trains on something else when what is not held out changes', () => {
    const before = learnedFrom(sequences, choice, 'removed');
    const after = learnedFrom(
      changed((user, at, event) => !isHeldOut(user, at, event)),
      choice,
      'removed',
    );
    expect(after.learned.training).not.toEqual(before.learned.training);
    expect(after.learned.vocabulary).not.toEqual(before.learned.vocabulary);
  });
});
