import { describe, expect, it } from '@jest/globals';
import type { Interaction } from './interaction.js';
import { readInteraction } from './interaction.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const rules = {
  kinds: new Set(['view', 'click', 'cart', 'purchase', 'like', 'dislike', 'rating', 'skip']),
  earliestTime: Date.parse('1990-01-01T00:00:00Z'),
  futureToleranceMs: 300_000,
};
const plain = { id: 'e', userId: 'u1', itemId: 'i1', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };

function read(fields: unknown, fallbackId?: string): Interaction {
  return readInteraction(fields, rules, now, fallbackId === undefined ? undefined : () => fallbackId);
}

function refusal(fields: unknown, fallbackId?: string): unknown {
  try {
    return read(fields, fallbackId);
  } catch (error) {
    return error;
  }
}

describe('an interaction', () => {
  it('is read field by field, with null for what is optional and not given', () => {
    expect(read(plain)).toEqual({
      id: 'e',
      userId: 'u1',
      itemId: 'i1',
      kind: 'view',
      value: null,
      occurredAt: Date.parse('2026-05-01T10:00:00Z'),
      sessionId: null,
      recommendationId: null,
      properties: null,
    });
    const optional = { value: 0.25, recommendationId: 'r-7', properties: { page: 'home' } };
    expect(read({ ...plain, ...optional })).toMatchObject(optional);
    expect(read({ ...plain, value: null, recommendationId: null, properties: null })).toEqual(read(plain));
  });

  it('of a session without a user belongs to the visitor of that session, which is no user of the same name', () => {
    const visit = { ...plain, userId: null, sessionId: 's1' };
    expect(read(visit)).toMatchObject({ userId: 'session:s1', sessionId: 's1' });
    expect(read({ ...plain, userId: 's1' }).userId).not.toBe(read(visit).userId);
    expect(read({ ...plain, sessionId: 's1' })).toMatchObject({ userId: 'u1', sessionId: 's1' });
    expect(read({ ...visit, sessionId: 's'.repeat(248) }).userId).toHaveLength(256);
  });

  it.each([1, '1', '1.7', '1.0.2', 1.5])('may say the version of its form: %j', (schemaVersion) => {
    expect(read({ ...plain, schemaVersion })).toEqual(read(plain));
  });

  it('takes the id that its place gives when the producer gave none', () => {
    const { id, ...without } = plain;
    expect(read(without, 'derived').id).toBe('derived');
    expect(read({ ...without, id: null }, 'derived').id).toBe('derived');
    expect(read(plain, 'derived').id).toBe(id);
    expect(refusal(without)).toMatchObject({ code: 'MISSING_FIELD', field: 'id' });
    expect(refusal({ ...without, id: '' }, 'derived')).toMatchObject({ code: 'INVALID_ID', field: 'id' });
  });

  it.each([
    [null, 'NOT_AN_OBJECT', null],
    [[plain], 'NOT_AN_OBJECT', null],
    ['{}', 'NOT_AN_OBJECT', null],
    [undefined, 'NOT_AN_OBJECT', null],
    [{}, 'MISSING_FIELD', 'id'],
    [{ ...plain, userId: undefined }, 'MISSING_FIELD', 'userId'],
    [{ ...plain, itemId: null }, 'MISSING_FIELD', 'itemId'],
    [{ ...plain, itemId: {} }, 'INVALID_ID', 'itemId'],
    [{ ...plain, kind: undefined }, 'MISSING_FIELD', 'kind'],
    [{ ...plain, kind: 'View' }, 'UNKNOWN_KIND', 'kind'],
    [{ ...plain, kind: ['view'] }, 'UNKNOWN_KIND', 'kind'],
    [{ ...plain, kind: 'constructor' }, 'UNKNOWN_KIND', 'kind'],
    [{ ...plain, value: '4.5' }, 'INVALID_VALUE', 'value'],
    [{ ...plain, value: NaN }, 'INVALID_VALUE', 'value'],
    [{ ...plain, value: JSON.parse('1e999') as unknown }, 'INVALID_VALUE', 'value'],
    [{ ...plain, value: true }, 'INVALID_VALUE', 'value'],
    [{ ...plain, occurredAt: undefined }, 'MISSING_FIELD', 'occurredAt'],
    [{ ...plain, recommendationId: ' ' }, 'INVALID_ID', 'recommendationId'],
    [{ ...plain, properties: '{"page":"home"}' }, 'INVALID_PROPERTIES', 'properties'],
    [{ ...plain, properties: ['home'] }, 'INVALID_PROPERTIES', 'properties'],
    [{ ...plain, sessionId: 'None' }, 'INVALID_ID', 'sessionId'],
    [{ ...plain, userId: null, sessionId: 's'.repeat(249) }, 'INVALID_ID', 'sessionId'],
    [{ ...plain, schemaVersion: 2 }, 'SCHEMA_TOO_NEW', 'schemaVersion'],
    [{ ...plain, schemaVersion: '12.0' }, 'SCHEMA_TOO_NEW', 'schemaVersion'],
    [{ ...plain, schemaVersion: '0' }, 'INVALID_VALUE', 'schemaVersion'],
    [{ ...plain, schemaVersion: 'v1' }, 'INVALID_VALUE', 'schemaVersion'],
    [{ ...plain, schemaVersion: true }, 'INVALID_VALUE', 'schemaVersion'],
    [{ ...plain, USER_ID: 'u1' }, 'UNKNOWN_FIELD', 'USER_ID'],
    [{ ...plain, ['x'.repeat(5000)]: 1 }, 'UNKNOWN_FIELD', `${'x'.repeat(40)}...`],
  ])('is refused with the code and the field: row %#', (fields, code, field) => {
    expect(refusal(fields)).toMatchObject({ code, field, retriable: false });
    expect(String(refusal(fields)).length).toBeLessThan(300);
  });

  it('says which kinds are configured, and which field a misspelled one may be', () => {
    expect(String(refusal({ ...plain, kind: 'wave' }))).toMatch(/"wave".*view, click, cart/);
    expect(String(refusal({ ...plain, user_id: 'u1' }))).toMatch(/"user_id" is not known: write userId/);
    expect(String(refusal({ ...plain, colour: 'red' }))).toMatch(/an interaction has id, userId/);
  });

  it('takes the kinds of a map too', () => {
    expect(readInteraction(plain, { ...rules, kinds: new Map([['view', {}]]) }, now).kind).toBe('view');
  });

  it('may lie five minutes in the future and no millisecond more, and not before the earliest time', () => {
    const at = (instant: number) => refusal({ ...plain, occurredAt: instant });
    expect(at(now + 300_000)).toMatchObject({ occurredAt: now + 300_000 });
    expect(at(now + 300_001)).toMatchObject({ code: 'TIME_IN_FUTURE', field: 'occurredAt' });
    expect(at(rules.earliestTime)).toMatchObject({ occurredAt: rules.earliestTime });
    expect(at(rules.earliestTime - 1)).toMatchObject({ code: 'TIME_TOO_EARLY', field: 'occurredAt' });
    const { kinds, earliestTime } = rules;
    expect(readInteraction({ ...plain, occurredAt: now + 300_000 }, { kinds, earliestTime }, now).id).toBe('e');
    expect(() => readInteraction({ ...plain, occurredAt: now + 300_001 }, { kinds, earliestTime }, now)).toThrow(
      /301 s/,
    );
  });

  it('never has a user id in a message', () => {
    const faults = [
      { kind: 'wave' },
      { value: 'x' },
      { occurredAt: 1 },
      { itemId: 5.5 },
      { extra: 1 },
      { properties: 7 },
    ];
    for (const fault of faults) {
      expect(String(refusal({ ...plain, userId: 'ada@example.org', ...fault }))).not.toContain('ada');
    }
    expect(String(refusal({ ...plain, userId: 'ada@example.org\0' }))).not.toContain('ada');
  });

  it('is not changed by what its prototype has, and a field named __proto__ is just an unknown field', () => {
    const inherited = Object.create({ itemId: 'i9', value: 3 }) as Record<string, unknown>;
    expect(read(Object.assign(inherited, plain)).value).toBeNull();
    delete inherited.itemId;
    expect(refusal(inherited)).toMatchObject({ code: 'MISSING_FIELD', field: 'itemId' });
    const hostile: unknown = JSON.parse(JSON.stringify(plain).replace('{', '{"__proto__":{"isAdmin":true},'));
    expect(refusal(hostile)).toMatchObject({ code: 'UNKNOWN_FIELD', field: '__proto__' });
    expect(read(Object.assign(Object.create(null), plain)).id).toBe('e');
  });
});

describe('properties', () => {
  const propertiesOf = (json: string) => read({ ...plain, properties: JSON.parse(json) as unknown }).properties;

  it('keep what JSON can say, a __proto__ as a field like any other', () => {
    const json = '{"__proto__":{"isAdmin":true},"a":[1,null,{"b":"\\\\u0000"}],"c":"\u{1f4d6}"}';
    const properties = propertiesOf(json);
    expect(JSON.stringify(properties)).toBe(json);
    expect(properties).not.toHaveProperty('isAdmin');
  });

  it('are their own copy', () => {
    const given = { list: [1] };
    const { properties } = read({ ...plain, properties: given });
    given.list.push(2);
    expect(properties).toEqual({ list: [1] });
  });

  it('have at most 4 KiB as JSON in UTF-8', () => {
    const ofBytes = (count: number, letter: string, width: number) =>
      JSON.stringify({ a: letter.repeat((count - 8) / width) });
    expect(propertiesOf(ofBytes(4096, 'x', 1))).toHaveProperty('a');
    expect(propertiesOf(ofBytes(4096, '\u00e9', 2))).toHaveProperty('a');
    for (const json of [ofBytes(4097, 'x', 1), ofBytes(4098, '\u00e9', 2)]) {
      expect(() => propertiesOf(json)).toThrow(/have 409[78] bytes as JSON, at most 4096/);
    }
  });

  it.each([
    '{"a":"\\u0000"}',
    '{"\\u0000":1}',
    '{"a":["\\\\\\u0000"]}',
    '{"a":"\\ud83d"}',
    '{"\\udcd6":1}',
    '{"a":1e999}',
  ])('are refused where Postgres could not store them: %s', (json) => {
    expect(refusal({ ...plain, properties: JSON.parse(json) as unknown })).toMatchObject({
      code: 'INVALID_PROPERTIES',
    });
  });

  it('are refused when they are nested deeper than can be written', () => {
    const deep: unknown = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(refusal({ ...plain, properties: deep })).toMatchObject({ code: 'INVALID_PROPERTIES' });
  });
});
