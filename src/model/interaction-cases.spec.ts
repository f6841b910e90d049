/** Rows that people met in real life, with the verdict that each must have; the same on Kafka, GraphQL and in a file. */
import { describe, expect, it } from '@jest/globals';
import { codeOf } from '../errors.js';
import { readInteraction } from './interaction.js';

const now = Date.parse('2026-11-01T00:00:00Z');
const rules = { kinds: new Set(['view']), earliestTime: Date.parse('1990-01-01T00:00:00Z') };

/** What became of a row: user, item and instant, or the code of the refusal. */
function verdict(row: unknown): unknown {
  try {
    const { userId, itemId, occurredAt } = readInteraction(row, rules, now);
    return [userId, itemId, new Date(occurredAt).toISOString()];
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    return code;
  }
}

describe('cases from real life', () => {
  const view = (fields: string): unknown => JSON.parse(`{"id":"c","kind":"view",${fields}}`);

  it.each([
    ['"userId":653247040368672768', 'INVALID_ID'],
    ['"userId":653247040368672771', 'INVALID_ID'],
    ['"userId":"653247040368672771"', '653247040368672771'],
    ['"userId":42', '42'],
    ['"userId":42.0', '42'],
    ['"userId":1e21', 'INVALID_ID'],
  ])('F06, 64-bit ids as JSON numbers: %s', (user, expected) => {
    const found = verdict(view(`${user},"itemId":17,"occurredAt":"2026-03-01T10:00:00Z"`));
    expect(Array.isArray(found) ? found.slice(0, 2) : found).toEqual(
      expected === 'INVALID_ID' ? expected : [expected, '17'],
    );
  });

  it.each([
    ['2026-10-25T02:30:00', 'INVALID_TIME'],
    ['2026-10-25 02:30', 'INVALID_TIME'],
    ['2026-02-30T10:00:00Z', 'INVALID_TIME'],
    ['2026-05-01T10:00:00+0000', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01', 'INVALID_TIME'],
    ['2026-05-01T24:00:00Z', 'INVALID_TIME'],
    ['2026-05-01T10:00:60Z', 'INVALID_TIME'],
    ['2026-05-01T10:00:00.123456789Z', '2026-05-01T10:00:00.123Z'],
    ['20260501T100000Z', 'INVALID_TIME'],
    ['1 May 2026 10:00 GMT', 'INVALID_TIME'],
    [' 2026-05-01T10:00:00Z', 'INVALID_TIME'],
  ])('F08, times without a zone and impossible days: %j', (occurredAt, expected) => {
    const found = verdict({ id: 'c', userId: 'tz-user', itemId: 'i1', kind: 'view', occurredAt });
    expect(found).toEqual(expected === 'INVALID_TIME' ? expected : ['tz-user', 'i1', expected]);
  });

  it.each([
    ['"userId":"null"', 'INVALID_ID'],
    ['"userId":null', 'MISSING_FIELD'],
    ['"userId":""', 'INVALID_ID'],
    ['"userId":"undefined"', 'INVALID_ID'],
    ['"userId":"   "', 'INVALID_ID'],
    ['"userId":null,"sessionId":"s1"', 'session:s1'],
    ['"userId":"u1","sessionId":"null"', 'INVALID_ID'],
    ['"userId":["u1"]', 'INVALID_ID'],
    ['"userId":{"id":"u1"}', 'INVALID_ID'],
    ['"userId":true', 'INVALID_ID'],
    ['"sessionId":"s1"', 'session:s1'],
    ['"recommendationId":null', 'MISSING_FIELD'],
  ])('K04, ids named null, undefined, empty: %s', (user, expected) => {
    const found = verdict(view(`${user},"itemId":"i1","occurredAt":"2026-05-01T10:00:00Z"`));
    expect(Array.isArray(found) ? found[0] : found).toBe(expected);
  });

  it.each([
    ['1777629600123', '2026-05-01T10:00:00.123Z'],
    ['1777629600', 'TIME_UNIT'],
    ['1777629600.123', 'TIME_UNIT'],
    ['1777629600123456', 'TIME_UNIT'],
    ['1777629600123456789', 'TIME_UNIT'],
    ['20574', 'TIME_TOO_EARLY'],
    ['"1777629600123"', 'INVALID_TIME'],
    ['-1', 'TIME_TOO_EARLY'],
    ['0', 'TIME_TOO_EARLY'],
    ['1e12', '2001-09-09T01:46:40.000Z'],
    ['253402300800000', 'INVALID_TIME'],
    ['true', 'INVALID_TIME'],
  ])('K12, units of numbers: %s', (occurredAt, expected) => {
    const found = verdict(view(`"userId":"ula","itemId":"i0","occurredAt":${occurredAt}`));
    expect(found).toEqual(/^[A-Z]/.test(expected) ? expected : ['ula', 'i0', expected]);
  });
});
