import { describe, expect, it } from '@jest/globals';
import { codeOf } from '../errors.js';
import { readInstant } from './instant.js';

/** The instant as ISO text, or the code of the refusal. */
function read(value: unknown): string {
  try {
    return new Date(readInstant(value, 'occurredAt')).toISOString();
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    return code;
  }
}

function message(value: unknown): string {
  try {
    readInstant(value, 'occurredAt');
  } catch (error) {
    return String(error);
  }
  return '';
}

describe('an instant in the form of most producers', () => {
  const texts = [
    ...['2026-05-01T10:00:00.123Z', '2026-12-28T23:59:59Z', '2024-02-29T00:00:00.000Z', '0000-01-01T00:00:00Z'],
    ...['0099-12-31T00:00:00.5xZ', '1600-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ];
  const spoilt = texts.flatMap((text) =>
    Array.from(text).flatMap((_, at) =>
      ['9', 'a', '٣', ' ', '-'].map((mark) => `${text.slice(0, at)}${mark}${text.slice(at + 1)}`),
    ),
  );

  it('is what the pattern says, whichever of its characters is another', () => {
    const withOffset = (text: string): string => text.replace(/Z$/, '+00:00');
    expect([...texts, ...spoilt].map(read)).toEqual([...texts, ...spoilt].map((text) => read(withOffset(text))));
  });
});

describe('an instant as text', () => {
  it.each([
    ['2026-05-01T10:00:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01t10:00:00z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01 10:00:00+00', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T10:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T10:00:00+0000', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T10:00:00-00:00', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T04:15:00-05:45', '2026-05-01T10:00:00.000Z'],
    ['2026-01-01T00:30:00+14:00', '2025-12-31T10:30:00.000Z'],
    ['2026-05-01T10:00:00.123456789Z', '2026-05-01T10:00:00.123Z'],
    ['2026-05-01T10:00:00.9999Z', '2026-05-01T10:00:00.999Z'],
    ['2026-05-01T10:00:00,5Z', '2026-05-01T10:00:00.500Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T23:59:59Z', '2000-02-29T23:59:59.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, instant) => {
    expect(read(text)).toBe(instant);
  });

  it.each([
    ['2026-10-25T02:30:00', /add Z or an offset/],
    ['2026-10-25 02:30', /add Z or an offset/],
    ['2026-05-01', /add Z or an offset/],
    ['2026-05-01T10:00:00.5', /add Z or an offset/],
    ['2026-02-30T10:00:00Z', /day that does not exist/],
    ['2025-02-29T10:00:00Z', /day that does not exist/],
    ['1900-02-29T10:00:00Z', /day that does not exist/],
    ['2026-04-31T10:00:00Z', /day that does not exist/],
    ['2026-13-01T10:00:00Z', /day that does not exist/],
    ['2026-00-10T10:00:00Z', /day that does not exist/],
    ['2026-05-00T10:00:00Z', /day that does not exist/],
    ['2026-05-01T24:00:00Z', /00:00 of the next day/],
    ['2026-05-01T25:00:00Z', /time of day/],
    ['2026-05-01T10:60:00Z', /time of day/],
    ['2026-05-01T10:00:60Z', /leap second/],
    ['2026-05-01T10:00:00+16:00', /offset/],
    ['2026-05-01T10:00:00+02:60', /offset/],
    ['9999-12-31T23:59:59-01:00', /year 9999/],
    ['10000-01-01T00:00:00Z', /four digits/],
    ['+010000-01-01T00:00:00Z', /four digits/],
    ['1777629600123', /without quotes/],
    ['-1', /without quotes/],
    [' 2026-05-01T10:00:00Z', /blanks/],
    ['2026-05-01T10:00:00Z\n', /blanks/],
    ['20260501T100000Z', /not ISO-8601/],
    ['1 May 2026 10:00 GMT', /not ISO-8601/],
    ['2026-5-1T10:00:00Z', /not ISO-8601/],
    ['2026-05-01T10:00:00.1234567890Z', /not ISO-8601/],
    ['2026-05-01T10:00:00.Z', /not ISO-8601/],
    ['\u0662\u0660\u0662\u0666-05-01T10:00:00Z', /not ISO-8601/],
    ['', /not ISO-8601/],
  ])('refuses %j and says what to do', (text, advice) => {
    expect(read(text)).toBe('INVALID_TIME');
    expect(message(text)).toMatch(advice);
  });

  it('repeats no part of a text that is not a time', () => {
    expect(message('ada@example.org')).not.toContain('ada');
  });
});

describe('an instant as a number', () => {
  it.each([
    [1_777_629_600_123, '2026-05-01T10:00:00.123Z'],
    [1_777_629_600_123.9, '2026-05-01T10:00:00.123Z'],
    [1e12, '2001-09-09T01:46:40.000Z'],
    [1e11, '1973-03-03T09:46:40.000Z'],
    [-1e12, '1938-04-24T22:13:20.000Z'],
    [253_402_300_799_999, '9999-12-31T23:59:59.999Z'],
  ])('reads %d as milliseconds', (number, instant) => {
    expect(read(number)).toBe(instant);
  });

  it.each([
    [1_777_629_600, ' seconds'],
    [1_777_629_600.123, ' seconds'],
    [-1_777_629_600, ' seconds'],
    [1_777_629_600_123_456, 'microseconds'],
    [JSON.parse('1777629600123456789') as number, 'nanoseconds'],
  ])('refuses %d and names its unit,%s', (number, unit) => {
    expect(read(number)).toBe('TIME_UNIT');
    expect(message(number)).toContain(unit);
    expect(message(number)).toMatch(/multiply|divide/);
  });

  it.each([20_574, 0, -0, -1, 1e8 - 1])('refuses %d: within two days of 1970 nothing was meant', (number) => {
    expect(read(number)).toBe('TIME_TOO_EARLY');
  });

  it.each([253_402_300_800_000, 3e14, NaN, Infinity, -Infinity])('refuses %d as no time', (number) => {
    expect(read(number)).toBe('INVALID_TIME');
  });
});

it.each([[true], [{}], [['2026-05-01T10:00:00Z']], [new Date(0)], [1n]])(
  'refuses an instant of another type',
  (value) => {
    expect(read(value)).toBe('INVALID_TIME');
  },
);

it.each([null, undefined])('says that an instant which is %s is missing', (value) => {
  expect(read(value)).toBe('MISSING_FIELD');
});
