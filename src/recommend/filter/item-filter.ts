/**
 * Which items may be answered, as the one who asks says it: conditions joined by and, or, not. All that one filter says must hold, so
 * that an empty one lets every item pass; an empty `or` and an empty `in` let none pass.
 *
 * It has one meaning on whatever holds an item, its row or the columns of the catalogue: `compile` takes what reads them.
 */
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
}

export interface ItemFilter {
  readonly and?: readonly ItemFilter[];
  readonly or?: readonly ItemFilter[];
  readonly not?: ItemFilter;
  readonly ids?: { readonly eq?: string; readonly in?: readonly string[] };
  /** `in`: at least one of them; `all`: each of them */
  readonly categories?: {
    readonly eq?: string;
    readonly in?: readonly string[];
    readonly all?: readonly string[];
    readonly exists?: boolean;
  };
  readonly properties?: readonly PropertyCondition[];
  /** the property `price` */
  readonly price?: ScalarCondition;
  /** milliseconds since 1970 */
  readonly createdAt?: Range;
}

/** What reads an item where it is held. A property that is a list has several values; one that is an object is there without any. */
export interface Reader<Held> {
  readonly idOf: (held: Held) => string;
  readonly categoriesOf: (held: Held) => readonly string[];
  readonly createdAtOf: (held: Held) => number;
  /** null: it has none, or null */
  readonly valuesOf: (name: string) => (held: Held) => readonly Scalar[] | null;
}

export type Test<Held> = (held: Held) => boolean;

const pass = (): boolean => true;

export function compile<Held>(filter: ItemFilter, reader: Reader<Held>): Test<Held> {
  const { and, or, not, ids, categories, properties = [], price, createdAt } = filter;
  const tests: Test<Held>[] = [];
  if (and !== undefined) tests.push(...and.map((one) => compile(one, reader)));
  if (or !== undefined) tests.push(any(or.map((one) => compile(one, reader))));
  if (not !== undefined) tests.push(negated(compile(not, reader)));
  if (ids?.eq !== undefined) tests.push((held) => reader.idOf(held) === ids.eq);
  if (ids?.in !== undefined) tests.push(among(new Set(ids.in), (held) => [reader.idOf(held)]));
  if (categories !== undefined) tests.push(...categoryTests(categories, reader));
  for (const { name, ...condition } of properties) tests.push(...scalarTests(condition, reader.valuesOf(name)));
  if (price !== undefined) tests.push(...scalarTests(price, reader.valuesOf('price')));
  if (createdAt !== undefined) {
    const isWithin = within(createdAt);
    tests.push((held) => isWithin(reader.createdAtOf(held)));
  }
  return every(tests);
}

function categoryTests<Held>(
  { eq, in: some, all, exists }: NonNullable<ItemFilter['categories']>,
  { categoriesOf }: Reader<Held>,
): readonly Test<Held>[] {
  const tests: Test<Held>[] = [];
  if (eq !== undefined) tests.push((held) => categoriesOf(held).includes(eq));
  if (some !== undefined) tests.push(among(new Set(some), categoriesOf));
  if (all !== undefined) tests.push((held) => all.every((one) => categoriesOf(held).includes(one)));
  if (exists !== undefined) tests.push((held) => categoriesOf(held).length > 0 === exists);
  return tests;
}

function scalarTests<Held>(
  { eq, in: some, range, exists }: ScalarCondition,
  valuesOf: (held: Held) => readonly Scalar[] | null,
): readonly Test<Held>[] {
  const tests: Test<Held>[] = [];
  if (eq !== undefined) tests.push((held) => valuesOf(held)?.includes(eq) ?? false);
  if (some !== undefined) tests.push(among(new Set(some), (held) => valuesOf(held) ?? []));
  if (range !== undefined) {
    const isWithin = within(range);
    tests.push((held) => valuesOf(held)?.some((value) => typeof value === 'number' && isWithin(value)) ?? false);
  }
  if (exists !== undefined) tests.push((held) => (valuesOf(held) !== null) === exists);
  return tests;
}

function within({ gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity }: Range): (value: number) => boolean {
  return (value) => value > gt && value >= gte && value < lt && value <= lte;
}

function among<Held, Value>(set: ReadonlySet<Value>, valuesOf: (held: Held) => readonly Value[]): Test<Held> {
  return (held) => valuesOf(held).some((value) => set.has(value));
}

function every<Held>(tests: readonly Test<Held>[]): Test<Held> {
  const [only] = tests;
  if (only === undefined) return pass;
  return tests.length === 1 ? only : (held) => tests.every((test) => test(held));
}

function any<Held>(tests: readonly Test<Held>[]): Test<Held> {
  return (held) => tests.some((test) => test(held));
}

function negated<Held>(test: Test<Held>): Test<Held> {
  return (held) => !test(held);
}

/** What a stored property holds, as conditions see it. */
export function scalarsOf(value: unknown): readonly Scalar[] | null {
  if (value === null || value === undefined) return null;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter(isScalar);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Reads rows as Postgres returns them. */
export const rowReader: Reader<{
  readonly id: string;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}> = {
  idOf: ({ id }) => id,
  categoriesOf: ({ categories }) => categories,
  createdAtOf: ({ createdAt }) => createdAt.getTime(),
  valuesOf: (name) => (row) => scalarsOf(Object.hasOwn(row.properties, name) ? row.properties[name] : null),
};
