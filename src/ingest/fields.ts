/** The fields of an item or a user: those that the object itself has, each of them known, in a form that is read here. */
import { RecollectError } from '../errors.js';
import { typeName } from '../model/identifier.js';
import { checkSchemaVersion } from '../model/schema-version.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `thing`: such as `an item`, for the messages. */
export function fieldsOf(value: unknown, thing: string, known: readonly string[]): ReadonlyMap<string, unknown> {
  if (!isObject(value)) {
    throw new RecollectError('NOT_AN_OBJECT', `${thing} is a JSON object, this is ${typeName(value)}`);
  }
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  const unknown = [...fields.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const field = unknown.slice(0, 40);
    const message = `the field ${JSON.stringify(field)} is not known: ${thing} has ${known.join(', ')}; other facts go into properties`;
    throw new RecollectError('UNKNOWN_FIELD', message, { field });
  }
  checkSchemaVersion(fields.get('schemaVersion'));
  return fields;
}
