/** Filters of requests, checked: what can't be meant is refused with its place. */
import type { ItemFilter, Range, Scalar, ScalarCondition } from '../recommend/filter/item-filter.js';
import { longestPath } from '../recommend/filter/property-path.js';
import { badInput, checkCount, checkId, checkTime } from './arguments.js';
import type { ItemFilterInput, PriceCondition, PropertyCondition, TimeRange } from './item-filter.type.js';

const mostLevels = 8;
const mostConditions = 100;
const mostIds = 10_000;
const mostValues = 1_000;
/** Characters of a text that is compared. */
const longestText = 1_000;

/** Left out: null. Throws BAD_INPUT with the place of what is wrong. */
export function readFilter(input: ItemFilterInput | null | undefined, field = 'filter'): ItemFilter | null {
  if (input === undefined) return null;
  return new FilterReader().read(input, field, 1);
}

class FilterReader {
  private conditions = 0;

  read(input: ItemFilterInput | null, field: string, level: number): ItemFilter {
    if (input === null) throw isNull(field);
    if (level > mostLevels) throw badInput(field, `lies deeper than ${mostLevels} levels`);
    refuseNulls(input, field);
    const { and, or, not, ids, categories, properties, price, createdAt } = input;
    const below = (filters: readonly ItemFilterInput[], name: string): readonly ItemFilter[] =>
      filters.map((one, place) => this.read(one, `${field}.${name}[${place}]`, level + 1));
    return present<ItemFilter>({
      and: and && below(and, 'and'),
      or: or && below(or, 'or'),
      not: not && this.read(not, `${field}.not`, level + 1),
      ids: ids && this.idsOf(ids, `${field}.ids`),
      categories: categories && this.categoriesOf(categories, `${field}.categories`),
      properties: properties?.map((one, place) => this.propertyOf(one, `${field}.properties[${place}]`)),
      price: price && this.scalarOf(price, `${field}.price`),
      createdAt: createdAt && this.timesOf(createdAt, `${field}.createdAt`),
    });
  }

  private propertyOf({ name, path, ...condition }: PropertyCondition, field: string): PropertyCondition {
    refuseNulls({ path }, field);
    if (path?.length === 0 || (path?.length ?? 0) >= longestPath) {
      throw badInput(
        `${field}.path`,
        `has ${path?.length ?? 0} names; 1 to ${longestPath - 1} may be given, or no path`,
      );
    }
    return present<PropertyCondition>({
      name: checkText(name, `${field}.name`),
      path: path?.map((one, place) => checkText(one, `${field}.path[${place}]`)),
      ...this.scalarOf(condition, field),
    });
  }

  private idsOf(ids: NonNullable<ItemFilterInput['ids']>, field: string): NonNullable<ItemFilter['ids']> {
    this.count(ids, field);
    const { eq, in: some } = ids;
    if (some !== undefined) checkCount(some, mostIds, `${field}.in`);
    return present({
      eq: eq === undefined ? undefined : checkId(eq, `${field}.eq`),
      in: some?.map((id, place) => checkId(id, `${field}.in[${place}]`)),
    });
  }

  private categoriesOf(
    categories: NonNullable<ItemFilterInput['categories']>,
    field: string,
  ): NonNullable<ItemFilter['categories']> {
    this.count(categories, field);
    const { eq, in: some, all, exists } = categories;
    for (const [name, list] of Object.entries({ in: some, all })) {
      if (list !== undefined) checkValues(list, `${field}.${name}`);
    }
    return present({ eq: eq === undefined ? undefined : checkText(eq, `${field}.eq`), in: some, all, exists });
  }

  private scalarOf(condition: PriceCondition, field: string): ScalarCondition {
    this.count(condition, field);
    const { eq, in: some, range, exists } = condition;
    if (some !== undefined) checkValues(some, `${field}.in`);
    if (typeof eq === 'string') checkText(eq, `${field}.eq`);
    return present({ eq, in: some, range: range && rangeOf(range, `${field}.range`), exists });
  }

  private timesOf(times: TimeRange, field: string): Range {
    this.count(times, field);
    const at = (time: string | undefined, name: string): number | undefined =>
      checkTime(time, `${field}.${name}`)?.getTime();
    const { gt, gte, lt, lte } = times;
    return rangeOf(present({ gt: at(gt, 'gt'), gte: at(gte, 'gte'), lt: at(lt, 'lt'), lte: at(lte, 'lte') }), field);
  }

  private count(condition: object, field: string): void {
    refuseNulls(condition, field);
    if (++this.conditions > mostConditions) throw badInput(field, `is one of more than ${mostConditions} conditions`);
    if (Object.values(condition).every((value) => value === undefined)) throw badInput(field, 'says nothing');
  }
}

/** A range that no number can be in is a mistake and not a wish for nothing. */
function rangeOf(range: Range, field: string): Range {
  refuseNulls(range, field);
  const { gt, gte, lt, lte } = range;
  if (gt !== undefined && gte !== undefined) throw badInput(field, 'has two lower bounds, gt and gte');
  if (lt !== undefined && lte !== undefined) throw badInput(field, 'has two upper bounds, lt and lte');
  const [low, high] = [gt ?? gte, lt ?? lte];
  if (low === undefined && high === undefined) throw badInput(field, 'needs at least one bound');
  const isEmpty = low !== undefined && high !== undefined && (low > high || (low === high && (gt ?? lt) !== undefined));
  if (isEmpty) throw badInput(field, 'contradicts itself: nothing lies between its bounds');
  return present({ gt, gte, lt, lte });
}

function checkValues(values: readonly Scalar[], field: string): void {
  checkCount(values, mostValues, field);
  for (const [place, value] of values.entries()) if (typeof value === 'string') checkText(value, `${field}[${place}]`);
}

function checkText(text: string, field: string): string {
  if (text.length > longestText) throw badInput(field, `has ${text.length} characters, at most ${longestText}`);
  return text;
}

function refuseNulls(input: object, field: string): void {
  for (const [name, value] of Object.entries(input)) if (value === null) throw isNull(`${field}.${name}`);
}

function isNull(field: string): Error {
  return badInput(field, 'is null; leave it out, or say what is asked');
}

/** Without what was left out, so that equal filters are equal texts. */
function present<Shape extends object>(shape: { readonly [Name in keyof Shape]: Shape[Name] | undefined }): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Shape;
}
