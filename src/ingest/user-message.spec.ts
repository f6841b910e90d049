import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { readUserMessage } from './user-message.js';

const read = (key: string | null, value: string | null): unknown => {
  const message = { topic: 't', partition: 0, offset: 0n, timestamp: '0', headers: {} };
  try {
    return readUserMessage({
      ...message,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    });
  } catch (error) {
    return error instanceof RecollectError ? [error.code, error.field] : error;
  }
};

describe('a message about a user', () => {
  it('puts all properties, the key being the id', () => {
    const put = { id: 'u1', properties: { city: 'Oslo' } };
    expect(read('u1', '{"properties":{"city":"Oslo"}}')).toEqual({ id: 'u1', put });
    expect(read('u1', '{"id":"u1","schemaVersion":"1.2","properties":{"city":"Oslo"}}')).toEqual({ id: 'u1', put });
    expect(read('42', '{"id":42,"properties":null}')).toEqual({ id: '42', put: { id: '42', properties: {} } });
  });

  it('deletes by a null value alone', () => {
    expect(read('u1', null)).toEqual({ id: 'u1', put: null });
    expect(read('u1', 'null')).toEqual(['NOT_AN_OBJECT', null]);
    expect(read('u1', '')).toEqual(['NOT_JSON', null]);
  });

  it.each([
    [null, '{}', ['MISSING_FIELD', 'key']],
    [null, null, ['MISSING_FIELD', 'key']],
    ['undefined', '{}', ['INVALID_ID', 'key']],
    ['u1', '{"id":"u2"}', ['INVALID_ID', 'id']],
    ['u1', '[]', ['NOT_AN_OBJECT', null]],
    ['u1', '{"name":"Ada"}', ['UNKNOWN_FIELD', 'name']],
    ['u1', '{"__proto__":{}}', ['UNKNOWN_FIELD', '__proto__']],
    ['u1', '{"properties":"x"}', ['INVALID_PROPERTIES', 'properties']],
    ['u1', `{"properties":{"a":"${'x'.repeat(16_384)}"}}`, ['INVALID_PROPERTIES', 'properties']],
    ['u1', '{"schemaVersion":2}', ['SCHEMA_TOO_NEW', 'schemaVersion']],
  ])('is refused with the field: %j, %.40s', (key, value, refusal) => {
    expect(read(key, value)).toEqual(refusal);
  });
});
