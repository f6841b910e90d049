/**
 * Where a property lies: at the top of an item's properties, or below, in objects and in lists of objects. A path is the names on the way,
 * its own at the end. A list on the way stands for its entries, so that `["sizes", "width"]` has the widths of all sizes.
 */
import type { Scalar } from './item-filter.js';

export type PropertyPath = readonly [name: string, ...below: string[]];

/** Names of a path; what lies deeper is not held as columns. */
export const longestPath = 5;
/** No name has one in it: Postgres takes none. */
const separator = '\0';

/** What filters see of a property: null is not there, an object is there without values, and of a list the entries that are scalars. */
export function scalarsAt(properties: Readonly<Record<string, unknown>>, path: PropertyPath): readonly Scalar[] | null {
  let values: readonly unknown[] = [properties];
  for (const name of path) {
    const objects = values.flatMap(entriesOf).filter(isObject);
    values = objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
  }
  const there = values.filter(isThere);
  return there.length === 0 ? null : there.flatMap(scalarsOf);
}

/** The same of all paths that lead to something, by `keyOfPath`. */
export function scalarsByPath(properties: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly Scalar[]> {
  const found = new Map<string, readonly Scalar[]>();
  const look = (object: Readonly<Record<string, unknown>>, above: string, names: number): void => {
    for (const [name, value] of Object.entries(object)) {
      if (!isThere(value)) continue;
      const key = above + name;
      const before = found.get(key);
      found.set(key, before === undefined ? scalarsOf(value) : [...before, ...scalarsOf(value)]);
      if (names === longestPath || typeof value !== 'object') continue;
      for (const entry of entriesOf(value)) if (isObject(entry)) look(entry, `${key}${separator}`, names + 1);
    }
  };
  look(properties, '', 1);
  return found;
}

export function keyOfPath(path: PropertyPath): string {
  return path.join(separator);
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function scalarsOf(value: unknown): readonly Scalar[] {
  return entriesOf(value).filter(isScalar);
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
