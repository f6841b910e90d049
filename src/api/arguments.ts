/** Arguments of queries, checked where they come in; what is wrong is BAD_INPUT with the argument's name. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { readId } from '../model/identifier.js';
import { readInstant } from '../model/instant.js';

export const maximumFirst = 100;
/** Characters of a wrong value that its error repeats. */
const longestEcho = 40;

export function badInput(field: string, message: string): RecollectError {
  return new RecollectError('BAD_INPUT', `${field}: ${message}`, { field });
}

/** How many are asked for. */
export function checkFirst(first: number, maximum = maximumFirst): number {
  if (first < 1 || first > maximum) throw badInput('first', `must be from 1 to ${maximum}, not ${first}`);
  return first;
}

/** Refuses a list that is longer than one request may bring. */
export function checkCount(rows: readonly unknown[], maximum: number, field: string): void {
  if (rows.length > maximum) {
    throw badInput(field, `has ${rows.length} entries; at most ${maximum} fit in one request`);
  }
}

/** An id that could never have been stored is a mistake and not an unknown one. */
export function checkId(id: string, field: string): string {
  return asBadInput(() => readId(id, field));
}

/** A text that Postgres can hold as it is. */
export function checkText(text: string, field: string, longest: number): string {
  if (text === '' || text.length > longest || text.includes('\0') || !text.isWellFormed()) {
    throw badInput(field, `must have 1 to ${longest} characters, without NUL and halves of surrogate pairs`);
  }
  return text;
}

/** A text, if one is given. */
export function optionalText(text: string | null | undefined, field: string, longest: number): string | null {
  return text === null || text === undefined ? null : checkText(text, field, longest);
}

/** A time, if one is given. */
export function checkTime(time: string | null | undefined, field: string): Date | null {
  if (time === null || time === undefined) return null;
  return asBadInput(() => new Date(readInstant(time, field)));
}

/** A kind of the settings. */
export function checkKind(kind: string, field: string, { kinds }: Pick<Config, 'kinds'>): string {
  if (Object.hasOwn(kinds, kind)) return kind;
  const found = kind.length > longestEcho ? `${kind.slice(0, longestEcho)}...` : kind;
  throw badInput(field, `"${found}" is not a configured kind; there are ${Object.keys(kinds).join(', ')}`);
}

/** A query has one code for all that is wrong with its arguments. */
function asBadInput<V>(read: () => V): V {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecollectError)) throw error;
    throw new RecollectError('BAD_INPUT', error.message, {
      cause: error,
      ...(error.field === null ? {} : { field: error.field }),
    });
  }
}
