import { describe, expect, it } from '@jest/globals';
import { readId } from './identifier.js';

function refusal(value: unknown): unknown {
  try {
    return readId(value, 'userId');
  } catch (error) {
    return error;
  }
}

describe('an id', () => {
  it.each(
    [
      'a',
      ' a ',
      'desk, oak',
      '653247040368672771',
      'Null',
      'nullable',
      '0',
      '\u00e9',
      'e\u0301',
      '\u{1f4d6}'.repeat(256),
      '__proto__',
    ].filter((id) => id.trim() !== ''),
  )('keeps the text %j as it is given', (id) => {
    expect(readId(id, 'userId')).toBe(id);
  });

  it.each([
    [42, '42'],
    [42.0, '42'],
    [-7, '-7'],
    [-0, '0'],
    [9_007_199_254_740_991, '9007199254740991'],
  ])('takes the whole number %d as %j', (number, id) => {
    expect(readId(number, 'userId')).toBe(id);
  });

  // a literal of that many digits is rounded as JSON rounds it, which is the point
  it.each([JSON.parse('653247040368672771') as number, 9_007_199_254_740_992, 1e21, 1.5, NaN, Infinity])(
    'refuses the number %d, whose digits cannot be trusted',
    (number) => {
      expect(refusal(number)).toMatchObject({ code: 'INVALID_ID', field: 'userId' });
      expect(String(refusal(number))).toMatch(/userId must be a string/);
    },
  );

  it.each([[true], [['u1']], [{ id: 'u1' }], [() => 'u1'], [1n], [Symbol('u1')]])(
    'refuses a value of another type',
    (value) => {
      expect(refusal(value)).toMatchObject({ code: 'INVALID_ID', field: 'userId' });
      expect(String(refusal(value))).not.toContain('u1');
    },
  );

  it.each(['', ' ', ' \t\n', '\u00a0', 'null', 'undefined', 'NaN', 'None'])('refuses the placeholder %j', (value) => {
    expect(refusal(value)).toMatchObject({ code: 'INVALID_ID', field: 'userId' });
  });

  it.each([null, undefined])('says that %s is missing', (value) => {
    expect(refusal(value)).toMatchObject({ code: 'MISSING_FIELD', field: 'userId' });
  });

  it.each(['a\0b', '\0', '\ud83d', 'a\udcd6b', '\udcd6\ud83d'])('refuses %j, which Postgres cannot store', (value) => {
    expect(refusal(value)).toMatchObject({ code: 'INVALID_ID', field: 'userId' });
  });

  it('counts characters and not code units, and refuses the 257th', () => {
    expect(readId('\u{1f4d6}'.repeat(256), 'itemId')).toHaveLength(512);
    for (const long of ['x'.repeat(257), '\u{1f4d6}'.repeat(257), 'x'.repeat(1_000_000)]) {
      expect(refusal(long)).toMatchObject({ code: 'INVALID_ID', field: 'userId' });
      expect(String(refusal(long)).length).toBeLessThan(200);
    }
  });

  it('is never repeated in a message', () => {
    for (const value of ['secret-user\0', `secret-user${'x'.repeat(300)}`, 'secret-user\ud83d', ['secret-user']]) {
      expect(String(refusal(value))).not.toContain('secret-user');
    }
  });
});
