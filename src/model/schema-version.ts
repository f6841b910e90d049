/**
 * The version of the form of a message: `schemaVersion`, 1 where it is left out. A minor one only adds what may be left out, so it is
 * not looked at; a newer major one may mean something else by the same name, so it is refused.
 */
import { RecollectError } from '../errors.js';

export const schemaMajor = 1;
const form = /^(\d{1,4})(?:\.\d{1,4}){0,2}$/;

/** Throws for a message that this version of the product may misread; `value` null or undefined: none is given. */
export function checkSchemaVersion(value: unknown): void {
  if (value === undefined || value === null) return;
  const field = 'schemaVersion';
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const major = Number(form.exec(text)?.[1] ?? 0);
  if (major === 0) {
    const message = `schemaVersion is no version: give ${schemaMajor}, or text such as "${schemaMajor}.0", or leave it out`;
    throw new RecollectError('INVALID_VALUE', message, { field });
  }
  if (major > schemaMajor) {
    const message = `schemaVersion ${major} is newer than ${schemaMajor}, which is read here: upgrade Recollect, then replay this message`;
    throw new RecollectError('SCHEMA_TOO_NEW', message, { field });
  }
}
