import { describe, expect, it } from '@jest/globals';
import { connectionOf, readCursor } from './connection.js';

const arrival = /^\d{1,19}$/;
const cursorOf = (...place: readonly string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

describe('a cursor', () => {
  it('stands for the place of the row that it was made of', () => {
    const place = ['2026-05-01T10:00:00.123Z', '9223372036854775807'];
    const { endCursor } = connectionOf([place], 1, null, (row) => row).pageInfo;
    expect(readCursor(endCursor, arrival)).toEqual({ time: new Date(place[0] ?? ''), tie: place[1] });
  });

  it.each([
    ['a number that no column holds', cursorOf('2026-05-01T10:00:00Z', '9999999999999999999')],
    ['a time that no column holds', cursorOf('-271821-04-20T00:00:00.000Z', '1')],
    ['no time', cursorOf('soon', '1')],
    ['nothing', ''],
    ['no JSON', 'x'],
  ])('that was forged with %s is refused as an input', (_, cursor) => {
    expect(() => readCursor(cursor, arrival)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', field: 'after' }));
  });
});
