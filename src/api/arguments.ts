/** Arguments of queries, checked where they come in; what is wrong is BAD_INPUT with the argument's name. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';

export const maximumFirst = 100;

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
  if (id === '' || id.includes('\0') || !id.isWellFormed() || Buffer.byteLength(id) > 1_024) {
    throw badInput(field, 'must have 1 to 256 characters, without NUL and lone surrogates');
  }
  return id;
}

/** A kind of the settings. */
export function checkKind(kind: string, field: string, { kinds }: Pick<Config, 'kinds'>): string {
  if (Object.hasOwn(kinds, kind)) return kind;
  throw badInput(field, `"${kind}" is not a configured kind; there are ${Object.keys(kinds).join(', ')}`);
}

const isoTime = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})$/;
