/** What the command says of the rows: `--map` renames fields, `--kind` and `--map-kind` say what kind of interaction a row is. */
import { isObject } from '../ingest/fields.js';
import { RecollectError } from '../errors.js';
import type { DialectName } from '../ingest/dialect.js';

export interface Mapping {
  /** name in the file -> name of the field, `properties.` and a name, or nothing to leave it out */
  readonly fields: ReadonlyMap<string, string>;
  /** undefined: recognised by the names of each row */
  readonly dialect: DialectName | undefined;
  /** kind in the file -> kind of the settings */
  readonly kinds: ReadonlyMap<string, string>;
  /** of rows that name none */
  readonly kind: string | null;
}

/** Reads `from=to,from=to`. */
export function readPairs(option: string, text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((pair): [string, string] => {
      const at = pair.lastIndexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new RecollectError('BAD_INPUT', `${option} ${text}: ${JSON.stringify(pair)} is not from=to`);
    }),
  );
}

/** The row with its fields renamed. */
export function renamed(row: unknown, fields: Mapping['fields']): unknown {
  if (fields.size === 0 || !isObject(row)) return row;
  const named = new Map<string, unknown>();
  const properties = new Map<string, unknown>();
  for (const [name, value] of Object.entries(row)) {
    const target = fields.get(name) ?? name;
    if (target.startsWith('properties.')) properties.set(target.slice('properties.'.length), value);
    else if (target !== '') put(named, target, value, name);
  }
  if (properties.size > 0) put(named, 'properties', Object.fromEntries(properties), 'properties.');
  return Object.fromEntries(named);
}

function put(fields: Map<string, unknown>, target: string, value: unknown, name: string): void {
  if (fields.has(target)) {
    const message = `${name} is mapped to ${target}, which the row has too: leave one of them out, such as by --map ${target}=`;
    throw new RecollectError('INVALID_VALUE', message, { field: target });
  }
  fields.set(target, value);
}
