/**
 * Which items may be answered, as the one who asks says it: conditions joined by and, or, not. All that one filter says must hold, so
 * that an empty one lets every item pass; an empty `or` and an empty `in` let none pass.
 *
 * It has one meaning on whatever holds an item, its row or the columns of the catalogue: `compile` takes what reads them.
 */
import { scalarsAt, type PropertyPath } from './property-path.js';

export type Scalar = string | number | boolean;

/** Bounds; each may be left out. */
export interface Range {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
}

export interface ScalarCondition {
  readonly eq?: Scalar;
  readonly in?: readonly Scalar[];
  /** of numbers alone */
  readonly range?: Range;
  /** whether there is a value that is not null */
  readonly exists?: boolean;
}

export interface PropertyCondition extends ScalarCondition {
  readonly name: string;
  /** where it lies below: the names on the way and its own */
  readonly path?: readonly string[];
}

/** `in`: at least one of them; `all`: each of them */
export interface CategoryCondition {
  readonly eq?: string;
  readonly in?: readonly string[];
  readonly all?: readonly string[];
  readonly exists?: boolean;
}

export interface ItemFilter {
  readonly and?: readonly ItemFilter[];
  readonly or?: readonly ItemFilter[];
  readonly not?: ItemFilter;
  readonly ids?: { readonly eq?: string; readonly in?: readonly string[] };
  readonly categories?: CategoryCondition;
  readonly properties?: readonly PropertyCondition[];
  /** the property `price` */
  readonly price?: ScalarCondition;
  /** milliseconds since 1970 */
  readonly createdAt?: Range;
}

/** What reads an item where it is held. A property that is a list has several values; one that is an object is there without any. */
export interface Reader<Held> {
  readonly idOf: (held: Held) => string;
  readonly createdAtOf: (held: Held) => number;
  readonly categoryTest: (condition: CategoryCondition) => Test<Held>;
  readonly propertyTest: (path: PropertyPath, condition: ScalarCondition) => Test<Held>;
}

export type Test<Held> = (held: Held) => boolean;

const pass = (): boolean => true;

export function compile<Held>(filter: ItemFilter, reader: Reader<Held>): Test<Held> {
  const { and, or, not, ids, categories, properties = [], price, createdAt } = filter;
  const tests: Test<Held>[] = [];
  if (and !== undefined) tests.push(...and.map((one) => compile(one, reader)));
  if (or !== undefined) tests.push(some(or.map((one) => compile(one, reader))));
  if (not !== undefined) tests.push(negated(compile(not, reader)));
  if (ids?.eq !== undefined) tests.push((held) => reader.idOf(held) === ids.eq);
  if (ids?.in !== undefined) {
    const wanted = new Set(ids.in);
    tests.push((held) => wanted.has(reader.idOf(held)));
  }
  if (categories !== undefined) tests.push(reader.categoryTest(categories));
  for (const { name, path = [], ...condition } of properties) {
    tests.push(reader.propertyTest([name, ...path], condition));
  }
  if (price !== undefined) tests.push(reader.propertyTest(['price'], price));
  if (createdAt !== undefined) {
    const isWithin = within(createdAt);
    tests.push((held) => isWithin(reader.createdAtOf(held)));
  }
  return all(tests);
}

/** Of an item's categories. */
export function categoryTest({ eq, in: wanted, all: needed, exists }: CategoryCondition): Test<readonly string[]> {
  const tests: Test<readonly string[]>[] = [];
  if (eq !== undefined) tests.push((categories) => categories.includes(eq));
  if (wanted !== undefined) tests.push(among(wanted));
  if (needed !== undefined) tests.push((categories) => needed.every((one) => categories.includes(one)));
  if (exists !== undefined) tests.push((categories) => categories.length > 0 === exists);
  return all(tests);
}

/** Of a property's values; null: it is not there. */
export function scalarTest({ eq, in: wanted, range, exists }: ScalarCondition): Test<readonly Scalar[] | null> {
  const tests: Test<readonly Scalar[] | null>[] = [];
  if (eq !== undefined) tests.push((values) => values?.includes(eq) ?? false);
  if (wanted !== undefined) {
    const isAmong = among(wanted);
    tests.push((values) => isAmong(values ?? []));
  }
  if (range !== undefined) {
    const isWithin = within(range);
    tests.push((values) => values?.some((value) => typeof value === 'number' && isWithin(value)) ?? false);
  }
  if (exists !== undefined) tests.push((values) => (values !== null) === exists);
  return all(tests);
}

export function within({
  gt = -Infinity,
  gte = -Infinity,
  lt = Infinity,
  lte = Infinity,
}: Range): (value: number) => boolean {
  return (value) => value > gt && value >= gte && value < lt && value <= lte;
}

function among<Value>(wanted: readonly Value[]): Test<readonly Value[]> {
  const set = new Set(wanted);
  return (values) => values.some((value) => set.has(value));
}

export function all<Held>(tests: readonly Test<Held>[]): Test<Held> {
  const [only] = tests;
  if (only === undefined) return pass;
  return tests.length === 1 ? only : (held) => tests.every((test) => test(held));
}

function some<Held>(tests: readonly Test<Held>[]): Test<Held> {
  return (held) => tests.some((test) => test(held));
}

function negated<Held>(test: Test<Held>): Test<Held> {
  return (held) => !test(held);
}

/** Reads rows as Postgres returns them. */
export const rowReader: Reader<{
  readonly id: string;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}> = {
  idOf: ({ id }) => id,
  createdAtOf: ({ createdAt }) => createdAt.getTime(),
  categoryTest: (condition) => {
    const test = categoryTest(condition);
    return ({ categories }) => test(categories);
  },
  propertyTest: (path, condition) => {
    const test = scalarTest(condition);
    return ({ properties }) => test(scalarsAt(properties, path));
  },
};
