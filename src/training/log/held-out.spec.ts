import { describe, expect, it } from '@jest/globals';
import { holdOut, newestInTime } from './held-out.js';
import { SequenceCollector, sequenceOf } from './sequences.js';
import { splitLog, type Case, type Split } from './split.js';

/** Item letters, each with its time where it has one: 'a1 b5'. */
function logOf(...sequences: readonly string[]) {
  const collector = new SequenceCollector();
  for (const sequence of sequences) {
    for (const word of sequence.split(' ')) collector.add(word[0] ?? '', { occurredAt: Number(word.slice(1)) });
    collector.endUser();
  }
  return collector.finish(() => []);
}

const named = (split: Split, rows: Int32Array) => [...rows].map((row) => split.vocabulary[row - 1] ?? '?').join('');
const asked = (split: Split, cases: readonly Case[]) =>
  cases.map(({ user, history, target }) => `${user} ${named(split, history)}>${named(split, Int32Array.of(target))}`);
const trainedOn = (split: Split) =>
  Array.from({ length: split.training.offsets.length - 1 }, (_, user) =>
    named(split, sequenceOf(split.training, user)),
  );

describe('the split by time', () => {
  const log = logOf('a1 b2 c10 a20 b21 c22', 'b3 c4 a5', 'n20 a21', 'c20', 'b1 c9 a12 n23');
  const choice = { kind: 'time', validationFrom: 10, testFrom: 20, casesPerUser: 2 } as const;
  const split = splitLog(log, choice, 'removed');

  it('trains on what happened before the validation begins, of all users at once', () => {
    expect(trainedOn(split)).toEqual(['ab', 'bca', '', '', 'bc']);
    expect(split.vocabulary).toEqual(['a', 'b', 'c']);
    expect(Math.max(...split.training.times)).toBeLessThan(10);
  });

  it('asks for what each user did at or after an instant, the first few, each after all that came before it', () => {
    expect(asked(split, split.validation)).toEqual(['0 ab>c', '4 bc>a']);
    expect(asked(split, split.test)).toEqual(['0 abc>a', '0 abca>b', '2 ?>a', '4 bca>?']);
  });

  it('asks for no interaction with nothing before it, and never finds an item without training', () => {
    expect(split.test.some(({ user }) => user === 3)).toBe(false);
    expect(split.test.find(({ user }) => user === 4)?.target).toBe(0);
  });

  it('refuses instants in the wrong order and a log without times', () => {
    expect(() => holdOut(log.users, { ...choice, validationFrom: 20 })).toThrow(/20 is not before the test from 20/);
    expect(() => holdOut(logOf('a b c').users, choice)).toThrow(/no times/);
  });

  it('takes the newest twentieth of all interactions as the test and the one before as the validation', () => {
    const times = Float64Array.from({ length: 40 }, (_, n) => ((7 * n) % 40) * 10); // 0 10 .. 390, shuffled
    expect(newestInTime({ times })).toEqual({ kind: 'time', validationFrom: 360, testFrom: 380, casesPerUser: 10 });
    expect(() => newestInTime({ times: new Float64Array(40) })).toThrow(/newest tenth of the log's 40 interactions/);
    expect(() => newestInTime({ times: new Float64Array() })).toThrow(/RECOLLECT_TRAIN_SPLIT/);
  });

  it('refuses a test that asks for nothing', () => {
    expect(() => splitLog(log, { ...choice, testFrom: 100 }, 'removed')).toThrow(/and 0 in the test/);
  });
});

describe('the split by sessions', () => {
  const log = logOf('a b', 'b c c', 'c a b', 'a x b', 'b b c y');
  const split = splitLog(log, { kind: 'sessions', testSequences: 1 }, 'kept');

  it('holds the last sequences out, and of the others every 50th, at least one', () => {
    expect(trainedOn(split)).toEqual(['ab', 'bcc', 'cab', '', '']);
    const many = logOf(...Array.from({ length: 120 }, () => 'a b'), 'a b');
    const { validation, training } = splitLog(many, { kind: 'sessions', testSequences: 1 }, 'kept');
    expect(validation.map(({ user }) => user)).toEqual([19, 69, 119]);
    expect(training.rows.length).toBe(2 * 117);
  });

  it('asks every prefix of a session for its next item', () => {
    expect(asked(split, split.validation)).toEqual(['3 a>?', '3 a?>b']);
    expect(asked(split, split.test)).toEqual(['4 b>b', '4 bb>c', '4 bbc>?']);
  });

  it('begins with longer prefixes where it is told to', () => {
    const later = splitLog(log, { kind: 'sessions', testSequences: 1, firstPrefix: 2 }, 'kept');
    expect(asked(later, later.test)).toEqual(['4 bb>c', '4 bbc>?']);
  });

  it('keeps the items of the session in the ranking, or leaves them out', () => {
    expect(split.test.map(({ excluded }) => excluded.length)).toEqual([0, 0, 0]);
    const removed = splitLog(log, { kind: 'sessions', testSequences: 1 }, 'removed');
    expect(removed.test.map(({ excluded }) => named(removed, excluded))).toEqual(['b', 'bb', 'bbc']);
  });

  it('refuses to hold everything out, and a split without a test', () => {
    const all = () => splitLog(log, { kind: 'sessions', testSequences: 5 }, 'kept');
    expect(all).toThrow(/0 interactions with 0 items remain/);
    expect(() => holdOut(log.users, { kind: 'sessions', testSequences: 0 })).toThrow(/at least 1 test session/);
  });
});
