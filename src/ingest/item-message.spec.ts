import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { readItemMessage } from './item-message.js';

const read = (
  key: string | Buffer | null,
  value: string | null,
  vectorLength: number | null = 3,
): ReturnType<typeof readItemMessage> =>
  readItemMessage(
    {
      topic: 't',
      partition: 0,
      offset: 0n,
      timestamp: '0',
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: {},
    },
    vectorLength,
  );
const faultOf = (key: string | Buffer | null, value: string | null): string => {
  try {
    read(key, value);
    return 'accepted';
  } catch (error) {
    return error instanceof RecollectError ? `${error.code} ${error.field ?? ''}`.trim() : 'thrown';
  }
};

describe('a message about an item', () => {
  it('puts all fields, the key being the id', () => {
    const value = {
      id: 'p',
      title: 'Lamp',
      categories: ['light', 'light', 'home'],
      properties: { price: 9, __proto__x: [1] },
      vector: [0.5, -1, 1e-60],
      available: false,
      createdAt: '2026-05-01T10:00:00+02:00',
      expiresAt: 1_777_629_600_123,
    };
    expect(read('p', JSON.stringify(value))).toEqual({
      id: 'p',
      put: {
        ...value,
        categories: ['light', 'home'],
        vector: [0.5, -1, 0], // as 32 bits hold it
        createdAt: new Date('2026-05-01T08:00:00Z'),
        expiresAt: new Date(1_777_629_600_123),
      },
    });
  });

  it('empties the fields that are left out or null', () => {
    const empty = {
      title: null,
      categories: [],
      properties: {},
      vector: null,
      available: true,
      createdAt: null,
      expiresAt: null,
    };
    expect(read('p', '{}')).toEqual({ id: 'p', put: { id: 'p', ...empty } });
    expect(
      read('p', '{"title":null,"categories":null,"properties":null,"vector":null,"available":null,"expiresAt":null}'),
    ).toEqual({
      id: 'p',
      put: { id: 'p', ...empty },
    });
  });

  it('deletes by a null value alone', () => {
    expect(read('p', null)).toEqual({ id: 'p', put: null });
    expect(faultOf('p', 'null')).toBe('NOT_AN_OBJECT');
    expect(faultOf('p', '')).toBe('NOT_JSON');
  });

  it('takes a number as the id that its key spells', () => {
    expect(read('593', '{"id":593}').id).toBe('593');
  });

  it.each([
    [null, null, 'MISSING_FIELD key'],
    [null, '{"id":"p"}', 'MISSING_FIELD key'],
    ['', null, 'INVALID_ID key'],
    [Buffer.from([0xff]), null, 'INVALID_ID key'],
    ['p', '{"id":"q"}', 'INVALID_ITEM id'],
    ['p', '[]', 'NOT_AN_OBJECT'],
    ['p', '{"titel":"Lamp"}', 'UNKNOWN_FIELD titel'],
    ['p', '{"__proto__":{}}', 'UNKNOWN_FIELD __proto__'],
    ['p', '{"title":5}', 'INVALID_ITEM title'],
    ['p', JSON.stringify({ title: 'x'.repeat(1_001) }), 'INVALID_ITEM title'],
    ['p', '{"title":"a\\u0000"}', 'INVALID_ITEM title'],
    ['p', '{"categories":"light"}', 'INVALID_ITEM categories'],
    ['p', '{"categories":[null]}', 'INVALID_ITEM categories'],
    ['p', JSON.stringify({ categories: Array.from({ length: 101 }, String) }), 'INVALID_ITEM categories'],
    ['p', '{"properties":[]}', 'INVALID_PROPERTIES properties'],
    ['p', '{"properties":{"a":1e999}}', 'INVALID_PROPERTIES properties'],
    ['p', JSON.stringify({ properties: { a: 'x'.repeat(20_000) } }), 'INVALID_PROPERTIES properties'],
    ['p', '{"vector":[1,2]}', 'INVALID_ITEM vector'],
    ['p', '{"vector":[1,2,3,4]}', 'INVALID_ITEM vector'],
    ['p', '{"vector":[]}', 'INVALID_ITEM vector'],
    ['p', '{"vector":"1,2,3"}', 'INVALID_ITEM vector'],
    ['p', '{"vector":[1,null,3]}', 'INVALID_ITEM vector'],
    ['p', '{"vector":[1,NaN,3]}', 'NOT_JSON'],
    ['p', '{"vector":[1,1e999,3]}', 'INVALID_ITEM vector'],
    ['p', '{"vector":[1,1e39,3]}', 'INVALID_ITEM vector'],
    ['p', JSON.stringify({ categories: Array.from({ length: 10_000 }, String) }), 'INVALID_ITEM categories'],
    ['p', JSON.stringify({ title: 'word '.repeat(1_000_000) }), 'INVALID_ITEM title'],
    ['p', '{"available":"true"}', 'INVALID_ITEM available'],
    ['p', '{"expiresAt":1777629600}', 'TIME_UNIT expiresAt'],
    ['p', '{"createdAt":"2026-02-30T00:00:00Z"}', 'INVALID_TIME createdAt'],
  ])('with key %s and value %s is refused: %s', (key, value, fault) => {
    expect(faultOf(key, value)).toBe(fault);
  });

  it('takes no vector where the deployment has no length for it', () => {
    expect(() => read('p', '{"vector":[1,2,3]}', null)).toThrow(/RECOLLECT_ITEM_VECTOR_LENGTH/);
    expect(read('p', '{"vector":null}', null).put?.vector).toBeNull();
  });
});
