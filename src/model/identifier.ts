/**
 * Ids of users, items, interactions and answers: opaque texts of 1 to 256 characters (code points), kept as they are given.
 *
 * A whole number that JavaScript holds exactly is taken as its decimal text. A larger one is refused, since JSON has rounded it
 * before it is seen here, and two users would share one memory. Texts that stand for "no id" are refused for the same reason.
 * An id is never repeated in a message: logs hold no user ids.
 */
import { RecollectError } from '../errors.js';

const maxCharacters = 256; // so 1,024 bytes at most: a character has up to 4 in UTF-8
const placeholders: ReadonlySet<unknown> = new Set(['null', 'undefined', 'NaN', 'None']);

/** Reads an id; `field` names it in the error. */
export function readId(value: unknown, field: string): string {
  if (value === undefined || value === null) {
    throw new RecollectError(
      'MISSING_FIELD',
      `${field} is missing: give it as text of 1 to ${maxCharacters} characters`,
      {
        field,
      },
    );
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'number') {
    throw invalid(
      field,
      'must be a string: a number this large, or with a fraction, has lost digits on its way; put it in quotes',
    );
  }
  if (typeof value !== 'string') throw invalid(field, `must be a string, not ${typeName(value)}`);
  if (value.trim() === '') throw invalid(field, 'is blank: leave the row out where there is no id');
  if (placeholders.has(value))
    throw invalid(field, `is the placeholder "${value}": leave the row out where there is no id`);
  if (value.includes('\0')) throw invalid(field, 'holds a NUL character: take it out');
  if (!value.isWellFormed())
    throw invalid(field, 'holds half of a surrogate pair: its producer cut a character in two');
  if (value.length > maxCharacters && (value.length > 2 * maxCharacters || Array.from(value).length > maxCharacters)) {
    throw invalid(field, `is longer than ${maxCharacters} characters: send a shorter id, such as a hash of it`);
  }
  return value;
}

function invalid(field: string, fault: string): RecollectError {
  return new RecollectError('INVALID_ID', `${field} ${fault}`, { field });
}

/** What a JSON value is, for messages. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
