import { describe, expect, it } from '@jest/globals';
import { Vocabulary } from '../../model/vocabulary.js';
import { casesPerUser } from '../log/held-out.js';
import { LiveCaseCollector, type LiveSplit } from './live-cases.js';

const vocabulary = new Vocabulary(['a', 'b', 'c', 'd']);
/** the model has seen arrivals 1 .. 10, the last of which happened at 100 */
const window = { lastArrival: '10', lastOccurredAt: new Date(100).toISOString() };

/** Words: item, time, arrival. In the order of time, as the log is read. */
function ask(
  split: LiveSplit,
  users: Readonly<Record<string, string>>,
  { pageCount = 2, trainedBefore }: { readonly pageCount?: number; readonly trainedBefore?: string } = {},
) {
  const collector = new LiveCaseCollector(
    vocabulary,
    [],
    trainedBefore === undefined ? window : { ...window, trainedBefore },
    split,
    'removed',
  );
  const rows = Object.entries(users).flatMap(([userId, events]) =>
    events.split(', ').map((event) => {
      const [item = '', time = '', arrival = ''] = event.split(' ');
      const what = { user_id: userId, item_id: item, kind: 'view', value: null };
      return { ...what, occurred_at: new Date(Number(time)), arrival };
    }),
  );
  for (let at = 0; at < rows.length; at += pageCount) collector.add(rows.slice(at, at + pageCount));
  const { cases, training, ...counts } = collector.finish();
  const named = (items: Int32Array) => [...items].map((row) => (row === 0 ? '?' : vocabulary.idOf(row))).join('');
  return {
    cases: cases.map(({ user, history, target }) => `${user} ${named(history)}>${named(Int32Array.of(target))}`),
    training: [...training.offsets.subarray(0, -1)].map((begin, user) =>
      named(training.rows.subarray(begin, training.offsets[user + 1])),
    ),
    ...counts,
  };
}

describe('leave-one-out on the log as it is now', () => {
  it('asks for the last interaction where the training had held it out or it came later', () => {
    const { cases, training } = ask('leave-one-out', {
      'held out': 'a 1 1, b 2 2, c 3 3',
      'trained on': 'a 1 4, b 2 5',
      'came later': 'a 1 6, b 2 7, x 120 11',
      'all new': 'a 120 12, d 130 13',
      'one event': 'a 140 14',
    });
    expect(cases).toEqual(['0 ab>c', '2 ab>?', '3 a>d']);
    expect(training).toEqual(['a', 'ab', 'ab', '', '']);
  });

  it('counts on the training data of the model alone, in the order of time', () => {
    const { training, cases } = ask('leave-one-out', { u: 'd 1 11, a 2 1, b 3 2, c 4 3, d 5 4' });
    expect(training).toEqual(['ab']); //                        d came late; of a b c d the last two are held out
    expect(cases).toEqual(['0 dabc>d']);
  });

  it('asks for the last interaction where a run that was split by time had held it out', () => {
    const { cases, training } = ask(
      'leave-one-out',
      { 'held out': 'a 1 1, b 2 2, c 50 3', 'trained on': 'a 1 4, b 2 5, d 49 6', 'came later': 'a 1 7, b 2 11' },
      { trainedBefore: new Date(50).toISOString() },
    );
    expect(cases).toEqual(['0 ab>c', '2 a>b']);
    expect(training).toEqual(['ab', 'abd', 'a']);
  });
});

describe('the split by time', () => {
  it('asks for what arrived after the cut and happened after all that the model saw', () => {
    const { cases, interactions, since, late } = ask('time', {
      u: 'a 1 1, b 90 11, c 100 12, d 101 13, a 102 14',
      v: 'b 2 2, c 3 3, d 4 4',
      w: 'c 150 15, a 160 16',
    });
    expect(cases).toEqual(['0 abc>d', '0 abcd>a', '2 c>a']);
    expect({ interactions, since, late }).toEqual({ interactions: 10, since: 6, late: 2 });
  });

  it('asks for the first few of a user, over the pages of the log', () => {
    const many = Array.from({ length: 30 }, (_, n) => `${'abcd'[n % 4]} ${101 + n} ${11 + n}`).join(', ');
    const { cases } = ask('time', { u: many }, { pageCount: 7 });
    expect(cases).toHaveLength(casesPerUser);
    expect(cases[0]).toBe('0 a>b');
  });
});
