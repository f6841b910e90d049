import { describe, expect, it } from '@jest/globals';
import { IdTable } from '../../model/id-table.js';
import { Columns, type FilteredItem } from './columns.js';
import { compile, rowReader, type ItemFilter, type Scalar } from './item-filter.js';

const day = (text: string) => new Date(`${text}T00:00:00Z`);
const parts = [{ size: { width: 60 } }, 'leg', { size: { width: 90 }, colour: null }];
const catalogue: readonly FilteredItem[] = [
  { id: 'lamp', categories: ['red', 'light'], properties: { price: 9, brand: 'ikea' }, createdAt: day('2026-01-01') },
  {
    id: 'desk',
    categories: ['red'],
    properties: { price: 90, sizes: [1, 2, 'xl'], parts },
    createdAt: day('2026-02-01'),
  },
  {
    id: 'chair',
    categories: ['blue'],
    properties: { price: '9', brand: null, new: false },
    createdAt: day('2026-03-01'),
  },
  { id: 'void', categories: [], properties: { nested: { price: 9 }, sizes: [] }, createdAt: day('2026-04-01') },
];
const all = ['lamp', 'desk', 'chair', 'void'];

function columnsOf(items: readonly FilteredItem[]): Columns {
  const columns = new Columns(new IdTable());
  for (const item of items) columns.put(item);
  return columns;
}

/** By the rows and by the columns, which must agree. */
function chosen(filter: ItemFilter, items = catalogue): readonly string[] {
  const byRow = compile(filter, rowReader);
  const columns = columnsOf(items);
  const byColumn = compile(filter, columns);
  const ids = items.filter((item) => byRow(item)).map(({ id }) => id);
  expect(items.filter(({ id }) => byColumn(columns.indexOf(id) ?? -1)).map(({ id }) => id)).toEqual(ids);
  return ids;
}

describe('a filter', () => {
  const time = (text: string) => day(text).getTime();
  it.each<[string, ItemFilter, readonly string[]]>([
    ['lets all pass when it is empty', {}, all],
    ['lets none pass by an empty list of ids', { ids: { in: [] } }, []],
    ['lets all pass by the contrary of none', { not: { ids: { in: [] } } }, all],
    ['lets none pass by an empty or', { or: [] }, []],
    ['lets all pass by an empty and', { and: [] }, all],
    ['lets all pass where one of two does', { or: [{ ids: { in: [] } }, {}] }, all],
    ['takes a category twice as once', { categories: { in: ['red', 'red'] } }, ['lamp', 'desk']],
    [
      'joins two categories by and',
      { and: [{ categories: { in: ['red'] } }, { categories: { in: ['light'] } }] },
      ['lamp'],
    ],
    ['joins what it says by and', { categories: { eq: 'red' }, ids: { in: ['desk', 'chair'] } }, ['desk']],
    ['asks for all of some categories', { categories: { all: ['light', 'red'] } }, ['lamp']],
    ['asks for all of no categories', { categories: { all: [] } }, all],
    ['asks whether there is a category', { categories: { exists: false } }, ['void']],
    ['asks for an id', { ids: { eq: 'void' } }, ['void']],
    ['tells a number from its text', { price: { eq: 9 } }, ['lamp']],
    ['tells a text from its number', { price: { in: ['9', 'x'] } }, ['chair']],
    ['asks for a number from one on below another', { price: { range: { gte: 9, lt: 90 } } }, ['lamp']],
    ['asks for a number above one up to another', { price: { range: { gt: 9, lte: 90 } } }, ['desk']],
    ['asks whether there is a price', { price: { exists: true } }, ['lamp', 'desk', 'chair']],
    ['takes null as not there', { properties: [{ name: 'brand', exists: false }] }, ['desk', 'chair', 'void']],
    ['takes an object as there', { properties: [{ name: 'nested', exists: true }] }, ['void']],
    ['takes an empty list as there', { properties: [{ name: 'sizes', exists: true }] }, ['desk', 'void']],
    ['finds any entry of a list', { properties: [{ name: 'sizes', eq: 'xl' }] }, ['desk']],
    ['finds a range among entries', { properties: [{ name: 'sizes', range: { gt: 1 } }] }, ['desk']],
    ['finds a truth', { properties: [{ name: 'new', eq: false }] }, ['chair']],
    [
      'joins properties by and',
      {
        properties: [
          { name: 'brand', eq: 'ikea' },
          { name: 'price', eq: 90 },
        ],
      },
      [],
    ],
    ['looks into an object', { properties: [{ name: 'nested', path: ['price'], eq: 9 }] }, ['void']],
    [
      'looks into each entry of a list',
      { properties: [{ name: 'parts', path: ['size', 'width'], range: { gt: 80 } }] },
      ['desk'],
    ],
    [
      'asks whether there is something below',
      { properties: [{ name: 'parts', path: ['size'], exists: true }] },
      ['desk'],
    ],
    ['takes null below as not there', { properties: [{ name: 'parts', path: ['colour'], exists: true }] }, []],
    ['finds nothing below a text', { properties: [{ name: 'brand', path: ['length'], exists: true }] }, []],
    ['tells a name with a dot from a path', { properties: [{ name: 'nested.price', exists: true }] }, []],
    [
      'knows no path into what all objects have',
      { properties: [{ name: 'nested', path: ['__proto__'], exists: true }] },
      [],
    ],
    ['knows no property of all objects', { properties: [{ name: '__proto__', exists: true }] }, []],
    ['asks for a time', { createdAt: { gte: time('2026-02-01'), lt: time('2026-04-01') } }, ['desk', 'chair']],
    ['is negated as a whole', { not: { categories: { eq: 'red' }, price: { eq: 9 } } }, ['desk', 'chair', 'void']],
  ])('%s', (_, filter, ids) => {
    expect(chosen(filter)).toEqual(ids);
  });

  it('means the same on rows and on columns, whatever the items and the filter', () => {
    const draw = drawing(7);
    for (let round = 0; round < 300; round++) {
      const items = Array.from({ length: 1 + draw(12) }, (_, id) => drawnItem(String(id), draw));
      chosen(drawnFilter(draw, 3), items);
    }
  });
});

describe('a path of a filter', () => {
  it('means the same on rows and on columns, however deep things lie and in whatever lists', () => {
    const draw = drawing(11);
    const found = [0, 0, 0, 0];
    for (let round = 0; round < 300; round++) {
      const items = Array.from({ length: 4 }, (_, id): FilteredItem => ({
        ...{ id: String(id), categories: [], properties: { p: drawnBelow(draw, 1) }, createdAt: new Date(0) },
      }));
      for (let asked = 0; asked < 12; asked++) {
        const path = drawnPath(draw);
        const condition = [{ exists: true }, { eq: values[draw(8)] as Scalar }, { range: { gte: 1 } }][draw(3)];
        const ids = chosen({ properties: [{ name: 'p', path, ...condition }] }, items);
        if (ids.length > 0) found[path.length - 1] = (found[path.length - 1] ?? 0) + 1;
      }
    }
    expect(Math.min(...found)).toBeGreaterThan(20); //            of each length, so that the test can fail
  });
});

describe('columns', () => {
  const pricedAt = (price: unknown, id = 'a'): FilteredItem => ({
    ...{ id, categories: [String(price)], properties: { price }, createdAt: new Date(0) },
  });

  it('forget what an item no longer has', () => {
    const columns = columnsOf([pricedAt(1)]);
    columns.put({ id: 'a', categories: [], properties: {}, createdAt: new Date(1) });
    expect(columns.propertyTest(['price'], { exists: true })(0)).toBe(false);
    expect(columns.categoryTest({ exists: true })(0)).toBe(false);
  });

  it('give the place of an item that is gone to another, empty', () => {
    const columns = columnsOf([pricedAt(1), pricedAt(2, 'b')]);
    expect(columns.remove('a')).toBe(0);
    expect(columns.remove('a')).toBeUndefined();
    expect(columns.put({ id: 'c', categories: [], properties: {}, createdAt: new Date(0) })).toBe(0);
    expect([columns.idOf(0), columns.propertyTest(['price'], { exists: true })(0), columns.end]).toEqual([
      'c',
      false,
      2,
    ]);
  });

  it('hold many items with one property each, and one property of many items', () => {
    const items = Array.from({ length: 5_000 }, (_, index): FilteredItem => ({
      id: `i${index}`,
      categories: [`c${index % 7}`],
      properties: { [`p${index % 50}`]: `v${index}`, price: index, tag: index % 3 === 0 ? ['x', index] : 'y' },
      createdAt: new Date(index),
    }));
    const columns = columnsOf(items);
    for (const index of items.keys()) {
      const tags = index % 3 === 0 ? ['x', index] : ['y'];
      const isSo = [
        columns.propertyTest([`p${index % 50}`], { eq: `v${index}` }),
        columns.propertyTest([`p${(index + 1) % 50}`], { exists: false }),
        columns.propertyTest(['price'], { eq: index, range: { gte: index, lte: index } }),
        ...tags.map((tag) => columns.propertyTest(['tag'], { eq: tag })),
        columns.propertyTest(['tag'], { in: ['x', 'y'] }),
        columns.categoryTest({ all: [`c${index % 7}`] }),
      ];
      const isNot = [
        columns.propertyTest([`p${index % 50}`], { eq: `v${index + 1}` }),
        columns.propertyTest(['price'], { eq: String(index) }),
        columns.propertyTest(['tag'], { eq: index % 3 === 0 ? 'y' : 'x' }),
        columns.categoryTest({ eq: `c${(index + 1) % 7}` }),
      ];
      expect([isSo, isNot].map((tests) => tests.map((test) => test(index)))).toEqual([
        isSo.map(() => true),
        isNot.map(() => false),
      ]);
    }
  });

  it('stay right when values come and go without end', () => {
    const items = Array.from({ length: 1_500 }, (_, index) => pricedAt(`first ${index}`, `i${index}`));
    const columns = columnsOf(items);
    for (let round = 0; round < 8_000; round++) columns.put(pricedAt(`later ${round}`, `i${round % 1_000}`));
    for (let index = 0; index < 1_500; index++) {
      const value = index < 1_000 ? `later ${7_000 + index}` : `first ${index}`;
      expect(columns.propertyTest(['price'], { eq: value })(index)).toBe(true);
      expect(columns.categoryTest({ eq: value })(index)).toBe(true);
    }
  });

  it('hold lists that come, change and go without end', () => {
    const draw = drawing(3);
    const held = new Map<number, readonly Scalar[]>();
    const columns = new Columns(new IdTable());
    for (let round = 0; round < 30_000; round++) {
      const index = draw(1_500);
      const list = [[], some(draw, values), [1.5], Array.from({ length: draw(40) }, (_, place) => `t${place}`)][
        draw(4)
      ];
      columns.put({ id: `i${index}`, categories: [], properties: { list }, createdAt: new Date(0) });
      held.set(columns.indexOf(`i${index}`) ?? -1, list ?? []);
    }
    for (const value of [...values, 't0', 't30', 1.5]) {
      const test = columns.propertyTest(['list'], { eq: value });
      for (const [index, list] of held) expect([value, list, test(index)]).toEqual([value, list, list.includes(value)]);
    }
  });

  it('say of a list of categories what a test says of it, though lists are numbered anew', () => {
    const columns = new Columns(new IdTable());
    const test = columns.categoryTest({ eq: 'round 1' });
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 2_000; index++) {
        const categories = [`round ${round}`, `of ${index}`];
        columns.put({ id: `i${index}`, categories, properties: {}, createdAt: new Date(0) });
      }
      for (let index = 0; index < 2_000; index++) expect(test(index)).toBe(round === 1);
    }
  });
});

const values: readonly Scalar[] = ['a', 'b', 1, 2, 2.5, true, false, ''];
type Draw = (below: number) => number;

/** Numbers from 0 on below a bound, the same for the same seed. */
function drawing(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function some<Value>(draw: Draw, from: readonly Value[]): readonly Value[] {
  return Array.from({ length: draw(4) }, () => from[draw(from.length)] as Value);
}

function drawnItem(id: string, draw: Draw): FilteredItem {
  const value = (): unknown =>
    [values[draw(values.length)], some(draw, values), null, { q: 1, p: [true, 'a'] }][draw(4)];
  const names = some(draw, ['price', 'p', 'q']);
  return {
    id,
    categories: some<string>(draw, ['x', 'y', 'z']),
    properties: Object.fromEntries(names.map((name) => [name, value()])),
    createdAt: new Date(draw(5)),
  };
}

function drawnFilter(draw: Draw, depth: number): ItemFilter {
  const bounds = { gte: draw(3), lt: draw(5) };
  const scalar = [
    { eq: values[draw(8)] as Scalar },
    { in: some(draw, values) },
    { range: bounds },
    { exists: draw(2) === 0 },
  ];
  const condition = scalar[draw(4)] as NonNullable<ItemFilter['price']>;
  const below = (): readonly ItemFilter[] => Array.from({ length: draw(3) }, () => drawnFilter(draw, depth - 1));
  const choices: readonly ItemFilter[] = [
    { price: condition },
    { properties: [{ name: ['p', 'q', 'none'][draw(3)] as string, ...condition }] },
    { properties: [{ name: ['p', 'q'][draw(2)] as string, path: drawnPath(draw), ...condition }] },
    { categories: { in: some(draw, ['x', 'y']) } },
    { categories: { all: some(draw, ['x', 'y']) } },
    { ids: { in: some(draw, ['0', '1', '2', '3']) } },
    { createdAt: bounds },
    ...(depth > 0 ? [{ and: below() }, { or: below() }, { not: drawnFilter(draw, depth - 1) }] : []),
  ];
  return { ...choices[draw(choices.length)], ...(draw(3) === 0 ? choices[draw(choices.length)] : {}) };
}

/** What lies below a property: mostly objects, and lists of them, down to values. */
function drawnBelow(draw: Draw, depth: number): unknown {
  const object = (): unknown =>
    Object.fromEntries(['p', 'q'].slice(draw(2)).map((name) => [name, drawnBelow(draw, depth + 1)]));
  if (depth > 6) return values[draw(8)];
  return [
    object,
    object,
    () => [object(), values[draw(8)], object()],
    () => [[object()]],
    () => some(draw, values),
    () => null,
  ][draw(6)]?.();
}

/** One name at least, as many as a path may have at most. */
function drawnPath(draw: Draw): readonly string[] {
  return Array.from({ length: 1 + draw(4) }, () => ['p', 'q'][draw(2)] as string);
}
