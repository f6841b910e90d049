import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import type { EnvelopeName } from './envelope.js';
import { readInteractionMessage } from './interaction-message.js';
import { readItemMessage } from './item-message.js';
import type { Message } from './message.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const rules = { kinds: new Set(['view']), earliestTime: Date.parse('1990-01-01T00:00:00Z') };
const messageOf = (value: unknown, key: string | null): Message => ({
  topic: 't',
  partition: 0,
  offset: 1n,
  timestamp: '5',
  key: key === null ? null : Buffer.from(key),
  value: value === undefined ? null : Buffer.from(JSON.stringify(value)),
  headers: {},
});
const attempt = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof RecollectError ? [error.code, error.field] : error;
  }
};
const item = (envelope: EnvelopeName | undefined, value: unknown, key: string | null = 'lamp'): unknown =>
  attempt(() => readItemMessage(messageOf(value, key), null, envelope));
const interaction = (envelope: EnvelopeName | undefined, value: unknown): unknown =>
  attempt(() => readInteractionMessage(messageOf(value, 'u1'), { rules }, envelope, now));

const lamp = { id: 'lamp', title: 'Lamp' };
const put = { id: 'lamp', put: { title: 'Lamp' } };
const view = { userId: 'u1', itemId: 'lamp', kind: 'view', occurredAt: 1_777_629_600_123 };
const schema = { type: 'struct', fields: [] };

describe('an envelope', () => {
  it('of Kafka Connect is taken off, and a payload of null deletes', () => {
    expect(item('connect', { schema, payload: lamp })).toMatchObject(put);
    expect(item('connect', { schema, payload: null })).toEqual({ id: 'lamp', put: null });
    expect(item('connect', undefined)).toEqual({ id: 'lamp', put: null });
    expect(interaction('connect', { schema, payload: view })).toMatchObject([{ itemId: 'lamp' }]);
  });

  it.each(['c', 'r', 'u'])('of Debezium is taken off a row of op %s', (op) => {
    const change = { before: null, after: lamp, op, ts_ms: 5, source: { table: 'item' } };
    expect(item('debezium', change)).toMatchObject(put);
    expect(item('debezium', { schema, payload: change })).toMatchObject(put);
  });

  it('of Debezium deletes with op d, and with the tombstone behind it', () => {
    expect(item('debezium', { before: lamp, after: null, op: 'd' })).toEqual({ id: 'lamp', put: null });
    expect(item('debezium', undefined)).toEqual({ id: 'lamp', put: null });
  });

  it.each([
    ['lamp', 'lamp'],
    ['"lamp"', 'lamp'],
    ['42', '42'],
    ['{"id":"lamp"}', 'lamp'],
    ['{"id":42}', '42'],
    ['{"schema":{},"payload":{"id":"lamp"}}', 'lamp'],
    ['{"schema":{},"payload":"lamp"}', 'lamp'],
  ])('may have its key in JSON: %s', (key, id) => {
    expect(item('debezium', undefined, key)).toEqual({ id, put: null });
    expect(item('connect', undefined, key)).toEqual({ id, put: null });
    expect(item(undefined, undefined, key)).toEqual({ id: key, put: null });
  });

  it.each([
    ['connect', lamp, 'lamp', ['MISSING_FIELD', 'payload']],
    ['connect', { payload: lamp }, 'lamp', ['MISSING_FIELD', 'payload']],
    ['connect', [lamp], 'lamp', ['NOT_AN_OBJECT', null]],
    ['connect', null, 'lamp', ['NOT_AN_OBJECT', null]],
    ['debezium', lamp, 'lamp', ['INVALID_VALUE', 'op']],
    ['debezium', { op: 't' }, 'lamp', ['INVALID_VALUE', 'op']],
    ['debezium', { op: 'c', after: null }, 'lamp', ['NOT_AN_OBJECT', null]],
    ['debezium', { op: 'c', after: { id: 'desk' } }, 'lamp', ['INVALID_ITEM', 'id']],
    ['debezium', { op: 'd' }, '{"a":1,"b":2}', ['INVALID_ID', 'key']],
    ['debezium', { op: 'd' }, '{"id":653247040368672771}', ['INVALID_ID', 'key']],
    ['debezium', { op: 'd' }, null, ['MISSING_FIELD', 'key']],
  ] as const)('of %s around %j is refused by name', (envelope, value, key, refused) => {
    expect(item(envelope, value, key)).toEqual(refused);
  });

  it('is refused where none is set: its fields are not those of an item', () => {
    expect(item(undefined, { schema, payload: lamp })).toEqual(['UNKNOWN_FIELD', 'schema']);
    expect(interaction(undefined, { op: 'c', after: view })).toEqual(['UNKNOWN_FIELD', 'op']);
  });

  it('does not change or delete an interaction, which is a fact', () => {
    expect(interaction('debezium', { op: 'c', after: view })).toMatchObject([{ itemId: 'lamp' }]);
    expect(interaction('debezium', { op: 'u', before: view, after: view })).toEqual(['INVALID_VALUE', 'op']);
    expect(interaction('debezium', { op: 'd', before: view, after: null })).toEqual(['MISSING_FIELD', null]);
    expect(interaction('debezium', undefined)).toEqual(['MISSING_FIELD', null]);
  });

  it('of a change-data connector has its units of time refused like any other', () => {
    const micros = { ...view, occurredAt: 1_777_629_600_123_456 };
    expect(interaction('debezium', { op: 'c', after: micros })).toEqual(['TIME_UNIT', 'occurredAt']);
    expect(interaction('debezium', { op: 'c', after: { ...view, occurredAt: 20_574 } })).toEqual([
      'TIME_TOO_EARLY',
      'occurredAt',
    ]);
  });
});
