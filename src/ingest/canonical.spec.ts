import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { canonicalOf } from './canonical.js';
import { dialectNames, dialects, type DialectName } from './dialect.js';
import { readRecord, readRecords } from './interaction-record.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const kinds = ['view', 'click', 'cart', 'purchase', 'like', 'rating'];
const rules = { kinds: new Set(kinds), earliestTime: Date.parse('1990-01-01T00:00:00Z') };
const time = '2026-05-01T10:00:00Z';

const read = (record: unknown, dialect?: DialectName) =>
  readRecord(record, { dialect, rules }, now, { id: () => 'derived' });
const refusal = (record: unknown, dialect?: DialectName): unknown => {
  try {
    return read(record, dialect);
  } catch (error) {
    return error;
  }
};
const expected = {
  id: 'derived',
  userId: 'u1',
  sessionId: null,
  itemId: 'i1',
  kind: 'view',
  value: null,
  occurredAt: Date.parse(time),
  recommendationId: null,
  properties: null,
};

describe('a record in the names of another recommender', () => {
  const records: readonly (readonly [DialectName, object, object])[] = [
    [
      'personalize',
      { USER_ID: 'u1', ITEM_ID: 'i1', TIMESTAMP: 1_777_629_600, EVENT_TYPE: 'rating', EVENT_VALUE: 4.5 },
      { kind: 'rating', value: 4.5 },
    ],
    [
      'personalize',
      {
        USER_ID: 'u1',
        ITEM_ID: 'i1',
        TIMESTAMP: '1777629600',
        EVENT_TYPE: 'view',
        EVENT_VALUE: '4.5e-1',
        IMPRESSION: 'a|b',
      },
      { value: 0.45, properties: { IMPRESSION: 'a|b' } },
    ],
    [
      'gorse',
      {
        FeedbackType: 'like',
        UserId: 'u1',
        ItemId: 'i1',
        Value: 1,
        Timestamp: time,
        Updated: time,
        Labels: null,
        Comment: '',
      },
      { kind: 'like', value: 1 },
    ],
    [
      'metarank',
      {
        event: 'interaction',
        id: 'm-1',
        ranking: 'r-1',
        timestamp: '1777629600000',
        user: 'u1',
        session: 's1',
        type: 'view',
        item: 'i1',
        fields: [{ name: 'count', value: 1 }],
      },
      { id: 'm-1', sessionId: 's1', recommendationId: 'r-1', properties: { count: 1 } },
    ],
    [
      'metarank',
      { event: 'interaction', timestamp: 1_777_629_600_000, session: 's1', type: 'view', item: 'i1' },
      { userId: 'session:s1', sessionId: 's1' },
    ],
    [
      'recombee',
      { userId: 'u1', itemId: 'i1', timestamp: 1_777_629_600, rating: 0.5, cascadeCreate: true, recommId: 'r-1' },
      { kind: 'rating', value: 0.5, recommendationId: 'r-1' },
    ],
    [
      'recombee',
      { userId: 'u1', itemId: 'i1', timestamp: time, duration: 30, additionalData: { page: 'home' }, price: 9 },
      { value: 30, properties: { page: 'home', price: 9 } },
    ],
    [
      'recombee',
      { userId: 'u1', itemId: 'i1', timestamp: 1_777_629_600.25, kind: 'purchase', amount: 2, profit: 1 },
      { kind: 'purchase', value: 2, properties: { profit: 1 }, occurredAt: Date.parse(time) + 250 },
    ],
  ];
  it.each(records)(
    'of %s is an interaction, whether the dialect is named or recognised: %j',
    (dialect, record, more) => {
      for (const named of [dialect, undefined]) expect(read(record, named)).toEqual({ ...expected, ...more });
    },
  );

  it('stays as it is when its names are those of an interaction', () => {
    const canonical = { userId: 'u1', itemId: 'i1', kind: 'view', occurredAt: time, properties: null };
    expect(canonicalOf(canonical)).toBe(canonical);
    for (const dialect of dialectNames) expect(read(canonical, dialect)).toEqual(expected);
    for (const value of [null, [], 'text', 7]) expect(canonicalOf(value)).toBe(value);
  });

  it('may have some names of an interaction and some of a dialect', () => {
    expect(read({ userId: 'u1', itemId: 'i1', kind: 'view', Timestamp: time })).toEqual(expected);
    expect(read({ userId: 'u1', ITEM_ID: 'i1', FeedbackType: 'view', sentAt: time })).toEqual(expected);
  });

  it.each([
    [
      'seconds where the name is of no one dialect',
      { userId: 'u1', itemId: 'i1', kind: 'view', timestamp: 1_777_629_600 },
    ],
    ['seconds where the dialect has milliseconds', { user: 'u1', item: 'i1', type: 'view', timestamp: 1_777_629_600 }],
    [
      'milliseconds where the dialect has seconds',
      { userId: 'u1', itemId: 'i1', rating: 1, timestamp: 1_777_629_600_000 },
    ],
    [
      'seconds beside names of two dialects',
      { user: 'u1', itemId: 'i1', type: 'view', amount: 1, timestamp: 1_777_629_600 },
    ],
    ['seconds in sentAt', { userId: 'u1', itemId: 'i1', eventType: 'view', sentAt: 1_777_629_600 }],
    ['nanoseconds', { USER_ID: 'u1', ITEM_ID: 'i1', EVENT_TYPE: 'view', TIMESTAMP: 1_777_629_600_123_456_800 }],
  ])('never has its unit of time guessed: %s', (_, record) => {
    expect(refusal(record)).toMatchObject({ code: 'TIME_UNIT' });
  });

  it('is asked for its time, not dated to the year 1 or to 1970', () => {
    const gorse = { FeedbackType: 'view', UserId: 'u1', ItemId: 'i1', Timestamp: '0001-01-01T00:00:00Z' };
    expect(refusal(gorse)).toMatchObject({ code: 'MISSING_FIELD', field: 'occurredAt' });
    const personalize = { USER_ID: 'u1', ITEM_ID: 'i1', EVENT_TYPE: 'view' };
    for (const TIMESTAMP of [0, 20_574, -1, 5e7, '20574'])
      expect(refusal({ ...personalize, TIMESTAMP })).toMatchObject({ code: 'TIME_TOO_EARLY', field: 'TIMESTAMP' });
  });

  it.each([
    [{ userId: 'u1', USER_ID: 'u2' }, ['userId', 'USER_ID']],
    [{ userId: 'u1', UserId: 'u2' }, ['userId', 'UserId']],
    [{ userId: 'u1', itemId: 'i1', item: 'i2' }, ['itemId', 'item']],
    [{ userId: 'u1', rating: 1, value: 2 }, ['rating', 'value']],
    [{ userId: 'u1', occurredAt: time, TIMESTAMP: 1_777_629_601 }, ['occurredAt', 'TIMESTAMP']],
    [{ userId: 'u1', price: 1, properties: { price: 2 } }, ['price', 'properties.price']],
    [{ userId: 'u1', eventType: 'view', properties: '{"eventType":"click"}' }, ['eventType', 'properties.eventType']],
  ])('is refused when two names of a field disagree, with both: %j', (record, names) => {
    const error = refusal({ kind: 'view', ...record });
    expect(error).toMatchObject({ code: 'FIELDS_DISAGREE', field: names[1] });
    for (const name of names) expect(String(error)).toContain(name);
    expect(String(error)).not.toMatch(/u1|u2|i1|i2/);
  });

  it('does not repeat a long name in full', () => {
    const long = 'x'.repeat(100_000);
    const error = refusal({ fields: [{ name: long, value: 1 }], additionalData: { [long]: 2 } });
    expect(error).toMatchObject({ code: 'FIELDS_DISAGREE', field: `additionalData.${long}`.slice(0, 80) });
    expect(String(error).length).toBeLessThan(400);
  });

  it('may give a field twice when both say the same, or when one is null', () => {
    const twice = {
      userId: 'u1',
      USER_ID: 'u1',
      itemId: 'i1',
      EVENT_TYPE: 'view',
      occurredAt: time,
      TIMESTAMP: 1_777_629_600,
    };
    expect(read({ ...twice, ITEM_ID: null, user: null })).toEqual(expected);
    expect(read({ ...twice, itemId: 42, ITEM_ID: '42' }).itemId).toBe('42');
  });

  it('has its own names in the errors', () => {
    const row = { USER_ID: 'u1', ITEM_ID: ' ', EVENT_TYPE: 'view', TIMESTAMP: 1_777_629_600 };
    expect(refusal(row)).toMatchObject({ code: 'INVALID_ID', field: 'ITEM_ID' });
    expect(String(refusal(row))).toContain('given as ITEM_ID');
    expect(refusal({ ...row, ITEM_ID: undefined })).toMatchObject({ code: 'MISSING_FIELD', field: 'itemId' });
    expect(refusal({ ...row, ITEM_ID: 'i1', EVENT_TYPE: 'wave' })).toMatchObject({
      code: 'UNKNOWN_KIND',
      field: 'EVENT_TYPE',
    });
  });

  it.each([
    [{ USER_ID: 'u1', USR_NAME: null }, 'USR_NAME'],
    [{ userId: 'u1', property: 1, rating: 1 }, 'property'],
    [JSON.parse('{"__proto__":{"userId":"u1"},"UserId":"u1"}') as unknown, '__proto__'],
    [{ UserId: 'u1', constructor: 'x' }, 'constructor'],
  ])('is refused for a name that nobody has: %j', (record, field) => {
    expect(refusal(record)).toMatchObject({ code: 'UNKNOWN_FIELD', field });
  });

  it('speaks one dialect alone where that is said', () => {
    const gorse = { UserId: 'u1', ItemId: 'i1', FeedbackType: 'view', Timestamp: time };
    expect(refusal(gorse, 'recombee')).toMatchObject({ code: 'UNKNOWN_FIELD', field: 'UserId' });
    const bare = { userId: 'u1', itemId: 'i1', kind: 'view', timestamp: 1_777_629_600 };
    expect(read(bare, 'recombee')).toEqual(expected);
  });

  it.each([
    [{ event: 'item', item: 'i1', timestamp: time }, 'event', 'INVALID_VALUE'],
    [{ event: 'interaction', fields: [{ value: 1 }] }, 'fields', 'INVALID_PROPERTIES'],
    [{ event: 'interaction', fields: [null] }, 'fields', 'INVALID_PROPERTIES'],
    [
      { event: 'interaction', user: 'u1', item: 'i1', type: 'view', timestamp: time, fields: 'x' },
      'fields',
      'INVALID_PROPERTIES',
    ],
  ])('of Metarank is refused by name: %j', (record, field, code) => {
    expect(refusal(record)).toMatchObject({ code, field });
  });

  it('has in the tables names of one meaning, or of one field', () => {
    const fields = new Map<string, unknown>();
    for (const [name, { field }] of Object.values(dialects).flatMap((table) => Object.entries(table))) {
      expect(fields.get(name) ?? field).toBe(field);
      fields.set(name, field);
    }
  });
});

describe('events of PutEvents', () => {
  const event = { userId: 'usr-9', eventType: 'click', sentAt: 1_777_629_600_000 };
  const withText = (properties: object | string, more: object = {}) => ({
    ...event,
    ...more,
    properties: typeof properties === 'string' ? properties : JSON.stringify(properties),
  });

  it('K05: hold fields in the text of their properties', () => {
    const one = withText(
      { itemId: '593', eventValue: 0.25, page: 'home' },
      { eventId: 'pe-1', sessionId: 'ses-1', trackingId: 't' },
    );
    expect(read(one)).toEqual({
      id: 'pe-1',
      userId: 'usr-9',
      sessionId: 'ses-1',
      itemId: '593',
      kind: 'click',
      value: 0.25,
      occurredAt: Date.parse(time),
      recommendationId: null,
      properties: { page: 'home' },
    });
    const watched = withText(
      { itemId: '595', eventValue: '4.5' },
      { eventType: 'TimeWatched', sentAt: '2026-05-01T10:02:00Z' },
    );
    expect(refusal(watched)).toMatchObject({ code: 'UNKNOWN_KIND', field: 'eventType' });
    const more = { ...rules, kinds: new Set([...kinds, 'TimeWatched']) };
    expect(readRecord(watched, { rules: more }, now, { id: () => 'x' })).toMatchObject({
      kind: 'TimeWatched',
      value: 4.5,
    });
  });

  it.each([
    ['seconds', withText({ itemId: '594' }, { sentAt: 1_777_629_600 }), 'TIME_UNIT', /seconds/],
    ['two items', withText({ itemId: '597' }, { itemId: '596' }), 'FIELDS_DISAGREE', /itemId and properties\.itemId/],
    ['two users', { ...event, USER_ID: 'usr-8', itemId: '598' }, 'FIELDS_DISAGREE', /userId and USER_ID/],
    ['no JSON', withText('not json', { itemId: '599' }), 'INVALID_PROPERTIES', /not JSON/],
    ['a list', withText('[1]', { itemId: '599' }), 'INVALID_PROPERTIES', /JSON object/],
    ['an unknown value', withText({ itemId: '5', eventValue: 'much' }), 'INVALID_VALUE', /properties\.eventValue/],
  ])('K05: are refused for %s', (_, record, code, message) => {
    expect(refusal(record)).toMatchObject({ code });
    expect(String(refusal(record))).toMatch(message);
  });

  const request = (eventList: unknown, more: object = {}) =>
    readRecords({ userId: 'u1', sessionId: 's1', trackingId: 't', eventList, ...more }, { rules }, now, {
      id: () => 'd',
    });

  it('come in one request, with its user and session', () => {
    const events = [
      { eventId: 'a', eventType: 'view', itemId: 'i1', sentAt: time },
      { eventType: 'click', itemId: 'i2', sentAt: time, sessionId: 's1' },
    ];
    expect(request(events)).toMatchObject([
      { id: 'a', userId: 'u1', sessionId: 's1', itemId: 'i1' },
      { id: 'd:1', userId: 'u1', sessionId: 's1', itemId: 'i2' },
    ]);
    expect(request(events, { userId: undefined })).toMatchObject([{ userId: 'session:s1' }, { userId: 'session:s1' }]);
  });

  it('are refused together, with the place of the one that is at fault', () => {
    const good = { eventType: 'view', itemId: 'i1', sentAt: time };
    const fault = (eventList: unknown): unknown => {
      try {
        return request(eventList);
      } catch (error) {
        return error instanceof RecollectError ? [error.code, error.field] : error;
      }
    };
    expect(fault([good, { ...good, itemId: '' }])).toEqual(['INVALID_ID', 'eventList[1].itemId']);
    expect(fault([good, { ...good, userId: 'u2' }])).toEqual(['FIELDS_DISAGREE', 'eventList[1].userId']);
    expect(fault([good, 7])).toEqual(['NOT_AN_OBJECT', 'eventList[1]']);
    for (const list of [[], {}, null, Array(11).fill(good)])
      expect(fault(list)).toEqual(['INVALID_VALUE', 'eventList']);
  });
});
