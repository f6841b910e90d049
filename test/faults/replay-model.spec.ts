import { expect, it } from '@jest/globals';
import { malformed } from './events.js';
import { replayTopic, type TopicMessage } from './replay-model.js';

const now = Date.UTC(2026, 5, 1);
const topicOf = (...values: readonly unknown[]): readonly TopicMessage[] =>
  values.map((value, offset) => ({
    topic: 't',
    partition: 0,
    offset,
    timestamp: '9',
    value:
      value === null
        ? null
        : Buffer.isBuffer(value)
          ? value
          : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  }));
const event = { id: 'a', userId: 'u', itemId: 'i', kind: 'view', occurredAt: '2026-05-01T12:00:00+02:00' };

it('keeps the first message with an id of a user, and gives the others one by where they lie', () => {
  const { id: _, ...without } = event;
  const replay = replayTopic(
    topicOf(event, { ...event, itemId: 'j' }, { ...event, userId: 'v' }, without, without),
    now,
  );
  const found = [...replay.arrivals].map(([userId, rows]) => [userId, rows.map(({ id, itemId }) => [id, itemId])]);
  expect(found).toEqual([
    [
      'u',
      [
        ['a', 'i'],
        ['kafka:t:0:3:9', 'i'],
        ['kafka:t:0:4:9', 'i'],
      ],
    ],
    ['v', [['a', 'i']]],
  ]);
  expect(replay.duplicates).toBe(1);
  expect(replay.nextOffsets).toEqual(new Map([[0, 5]]));
  expect(replay.counts).toEqual(new Map([['i view 2026-05-01', 4]]));
});

it('puts sequences in the order of time, then of arrival', () => {
  const at = (id: string, hour: number): unknown => ({ ...event, id, occurredAt: `2026-05-01T0${hour}:00:00Z` });
  const { sequences, arrivals } = replayTopic(topicOf(at('b', 2), at('c', 2), at('a', 1)), now);
  expect(sequences.get('u')?.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect(arrivals.get('u')?.map(({ id }) => id)).toEqual(['b', 'c', 'a']);
});

it('reads every field', () => {
  const whole = { ...event, userId: 7, value: 2.5, sessionId: 's', recommendationId: 'r', properties: { a: [1] } };
  expect(replayTopic(topicOf({ ...whole, schemaVersion: '1.2' }), now).arrivals.get('7')).toEqual([
    { ...whole, userId: '7', occurredAt: Date.UTC(2026, 4, 1, 10) },
  ]);
  expect([...replayTopic(topicOf({ ...event, userId: null, sessionId: 's' }), now).arrivals.keys()]).toEqual([
    'session:s',
  ]);
});

it('refuses every form of a malformed message, with its code', () => {
  const messages = topicOf(...Array.from({ length: 21 }, (_, n) => malformed(n).value));
  expect([...replayTopic(messages, now).refused.values()]).toEqual([
    'NOT_JSON',
    'MISSING_FIELD',
    'NOT_JSON',
    'NOT_AN_OBJECT',
    'NOT_JSON',
    'MISSING_FIELD',
    'MISSING_FIELD',
    'INVALID_ID',
    'INVALID_ID',
    'UNKNOWN_KIND',
    'INVALID_VALUE',
    'TIME_UNIT',
    'TIME_UNIT',
    'INVALID_TIME',
    'INVALID_TIME',
    'TIME_IN_FUTURE',
    'TIME_TOO_EARLY',
    'INVALID_PROPERTIES',
    'INVALID_PROPERTIES',
    'UNKNOWN_FIELD',
    'SCHEMA_TOO_NEW',
  ]);
});
