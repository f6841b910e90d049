import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { readInteractionMessage } from './interaction-message.js';
import type { Message } from './message.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const rules = { kinds: new Set(['view', 'shop.bought']), earliestTime: Date.parse('1990-01-01T00:00:00Z') };
const time = '2026-05-01T10:00:00Z';
const place = { topic: 't', partition: 2, offset: 7n, timestamp: '5', key: Buffer.from('u1') };
const plain = { userId: 'u1', itemId: 'i1' };

const read = (value: unknown, headers: Message['headers']) =>
  readInteractionMessage(
    { ...place, headers, value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) },
    { rules },
    undefined,
    now,
  );
const refusal = (value: unknown, headers: Message['headers']): unknown => {
  try {
    return read(value, headers);
  } catch (error) {
    return error instanceof RecollectError ? [error.code, error.field] : error;
  }
};

describe('a CloudEvent', () => {
  const headers = {
    ce_specversion: Buffer.from('1.0'),
    ce_id: Buffer.from('ev-1'),
    ce_source: Buffer.from('/shop'),
    ce_type: Buffer.from('shop.bought'),
    ce_time: Buffer.from(time),
    'content-type': Buffer.from('application/json; charset=utf-8'),
  };
  const event = { specversion: '1.0', id: 'ev-1', source: '/shop', type: 'shop.bought', time };
  const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  const expected = { id: 'ev-1', userId: 'u1', itemId: 'i1', kind: 'shop.bought', occurredAt: Date.parse(time) };

  it('in binary mode gives id, time and kind where the data leaves them out', () => {
    expect(read(plain, headers)).toMatchObject([expected]);
    const own = { id: 'o-1', kind: 'view', occurredAt: '2026-05-02T10:00:00Z' };
    expect(read({ ...plain, ...own }, headers)).toMatchObject([
      { ...own, occurredAt: Date.parse('2026-05-02T10:00:00Z') },
    ]);
  });

  it('in structured mode gives the same', () => {
    expect(read({ ...event, datacontenttype: 'application/json', data: plain }, structured)).toMatchObject([expected]);
    const base64 = Buffer.from(JSON.stringify(plain)).toString('base64');
    expect(read({ ...event, data_base64: base64 }, structured)).toMatchObject([expected]);
  });

  it('may hold the names of another recommender, or a request with several events', () => {
    expect(read({ UserId: 'u1', ItemId: 'i1' }, headers)).toMatchObject([expected]);
    expect(read({ userId: 'u1', eventList: [{ itemId: 'i1' }, { itemId: 'i2' }] }, headers)).toMatchObject([
      expected,
      { ...expected, id: 'ev-1:1', itemId: 'i2' },
    ]);
  });

  it('without an id has that of its place, as any message', () => {
    const { ce_id: _, ...rest } = headers;
    expect(read(plain, rest)).toMatchObject([{ id: 'kafka:t:2:7:5' }]);
  });

  it.each([
    ['a time without a zone', plain, { ...headers, ce_time: '2026-05-01T10:00:00' }, ['INVALID_TIME', 'ce_time']],
    ['a kind that is not configured', plain, { ...headers, ce_type: 'wave' }, ['UNKNOWN_KIND', 'ce_type']],
    ['an id that is a placeholder', plain, { ...headers, ce_id: 'null' }, ['INVALID_ID', 'ce_id']],
    ['another version', plain, { ...headers, ce_specversion: '2.0' }, ['INVALID_VALUE', 'ce_specversion']],
    ['data in Avro', plain, { ...headers, 'content-type': 'application/avro' }, ['NOT_JSON', 'content-type']],
    ['an event in Avro', plain, { 'content-type': 'application/cloudevents+avro' }, ['NOT_JSON', 'content-type']],
    ['a batch', [event], { 'content-type': 'application/cloudevents-batch+json' }, ['NOT_JSON', 'content-type']],
    ['no data', event, structured, ['NOT_AN_OBJECT', null]],
    ['an event that is a list', [event], structured, ['NOT_AN_OBJECT', null]],
    [
      'data in XML',
      { ...event, datacontenttype: 'text/xml', data: '<a/>' },
      structured,
      ['NOT_JSON', 'datacontenttype'],
    ],
    ['base64 of no JSON', { ...event, data_base64: 'AAAA' }, structured, ['NOT_JSON', null]],
  ] as const)('is refused with %s', (_, value, given, expectedRefusal) => {
    expect(refusal(value, given)).toEqual(expectedRefusal);
  });
});
