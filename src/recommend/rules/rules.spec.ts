import { describe, expect, it } from '@jest/globals';
import type { ItemRow } from '../../storage/item-read.store.js';
import { arrange, type Nearness } from './arrange.js';
import { nearnessBy } from './nearness.js';
import { inOrder, type Eligible, type Ordered } from './order.js';
import type { Rules } from './rules.js';

const none: Rules = {
  ...{ boosts: [], pins: [], promoted: null, caps: [], rotation: null, exploration: null, diversity: null },
};
const apart: Nearness = () => 0;
const nobody = new Map<string, Ordered>();

function eligible(id: string, score: number, more: Partial<ItemRow & Pick<Eligible, 'source'>> = {}): Eligible {
  const { source = 'MEMORY', ...columns } = more;
  const item = {
    ...{ id, title: null, categories: [], properties: {}, available: true, incomplete: false },
    ...{ createdAt: new Date(0), expiresAt: null, ...columns },
  };
  return { item, score, source };
}
const list = ['a', 'b', 'c', 'd'].map((id, place) => eligible(id, 10 - place));
const ordered = inOrder(list, none, new Map());
const placesOf = (places: readonly Ordered[]) => places.map(({ item, rules }) => [item.id, ...rules].join(' '));
const isOneOf = (...ids: readonly string[]) => ({ filter: { ids: { in: ids } } });

describe('rules that change scores', () => {
  it('multiply the odds: a factor of e^1.5 is worth 1.5 of score', () => {
    const boosts = [{ name: 'boost', ...isOneOf('b'), factor: Math.exp(1.5) }];
    expect(placesOf(inOrder(list, { ...none, boosts }, new Map()))).toEqual(['b boost', 'a', 'c', 'd']);
  });

  it('add up, and lower too', () => {
    const boosts = [
      { name: 'up', ...isOneOf('c', 'd'), factor: Math.exp(1.2) },
      { name: 'down', ...isOneOf('d', 'a'), factor: Math.exp(-0.5) },
    ];
    expect(placesOf(inOrder(list, { ...none, boosts }, new Map()))).toEqual(['a down', 'c up', 'b', 'd up down']);
  });

  it('compare a popular item with another by its count', () => {
    const popular = [eligible('x', 100, { source: 'POPULAR' }), eligible('y', 60, { source: 'POPULAR' })];
    const boosts = [{ name: 'boost', ...isOneOf('y'), factor: 2 }];
    expect(placesOf(inOrder(popular, { ...none, boosts }, new Map()))).toEqual(['y boost', 'x']);
  });

  it('never put what is popular before what the model scored', () => {
    const mixed = [eligible('a', -5), eligible('x', 1e9, { source: 'POPULAR' })];
    const boosts = [{ name: 'boost', ...isOneOf('x'), factor: 1e6 }];
    expect(placesOf(inOrder(mixed, { ...none, boosts }, new Map()))).toEqual(['a', 'x boost']);
  });

  it('lower what was shown lately, for each time', () => {
    const rotation = { name: 'rotation', withinHours: 24, factor: Math.exp(-0.8) };
    const shown = new Map([
      ['a', 2],
      ['b', 1],
    ]);
    expect(placesOf(inOrder(list, { ...none, rotation }, shown))).toEqual(['a rotation', 'b rotation', 'c', 'd']);
    const often = new Map([['a', 3]]);
    expect(placesOf(inOrder(list, { ...none, rotation }, often))).toEqual(['b', 'c', 'a rotation', 'd']);
  });

  it('draw the first item as often as its probability by the model', () => {
    const two = [eligible('a', Math.log(3)), eligible('b', 0)];
    const draws = Array.from({ length: 4000 }, (_, seed) =>
      inOrder(two, { ...none, exploration: { name: 'exploration', weight: 1, seed: String(seed) } }, new Map()),
    );
    const share = draws.filter(([head]) => head?.item.id === 'a').length / draws.length;
    expect(share).toBeGreaterThan(0.72); // 3 : 1, four standard deviations either way
    expect(share).toBeLessThan(0.78);
    for (const draw of draws) {
      expect(placesOf(draw)).toEqual(draw[0]?.item.id === 'a' ? ['a', 'b'] : ['b exploration', 'a']);
    }
  });

  it('draw the same for the same seed', () => {
    const exploration = { name: 'exploration', weight: 5, seed: 's' };
    const draw = () => placesOf(inOrder(list, { ...none, exploration }, new Map()));
    expect(draw()).toEqual(draw());
  });
});

describe('rules that place', () => {
  const arranged = (rules: Partial<Rules>, pinned = nobody, first = 4, nearness = apart, from = ordered) =>
    placesOf(arrange(from, pinned, { ...none, ...rules }, first, nearness));
  const pin = (itemId: string, rank: number) => ({ name: 'pin', itemId, rank });
  const pinned = (...ones: readonly Eligible[]) =>
    new Map(ones.map((one) => [one.item.id, { ...one, rules: [] as readonly string[] }]));

  it('change nothing where there are none', () => {
    expect(arranged({})).toEqual(['a', 'b', 'c', 'd']);
  });

  it('pin an item to its rank, once, whether the model would answer it or not', () => {
    expect(arranged({ pins: [pin('d', 2), pin('x', 3)] }, pinned(...list, eligible('x', -9)))).toEqual([
      ...['a', 'd pin', 'x pin', 'b'],
    ]);
  });

  it('give the place of a pin that may not be answered to the next', () => {
    expect(arranged({ pins: [pin('gone', 1)] })).toEqual(['a', 'b', 'c', 'd']);
  });

  it('move a pin up where the answer ends before its rank', () => {
    expect(arranged({ pins: [pin('x', 8)] }, pinned(eligible('x', 0)), 10)).toEqual(['a', 'b', 'c', 'd', 'x pin']);
  });

  it('keep the share of promoted items at each rank, and count those that come by themselves', () => {
    const share = (of: number, ...ids: readonly string[]) => ({
      promoted: { name: 'ad', ...isOneOf(...ids), share: of },
    });
    expect(arranged(share(0.5, 'c', 'd'))).toEqual(['a', 'c ad', 'b', 'd ad']);
    expect(arranged(share(0.5, 'a', 'd'))).toEqual(['a', 'b', 'c', 'd ad']);
    expect(arranged(share(1, 'd'))).toEqual(['d ad', 'a', 'b', 'c']);
    const ten = inOrder(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((id) => eligible(id, 1)),
      none,
      new Map(),
    );
    expect(arranged(share(0.3, 'h', 'i', 'j'), nobody, 10, apart, ten).slice(-1)).toEqual(['j ad']); // .3 x 10 is 3
  });

  it('cap items by category and by a property, however the pins fill it', () => {
    const by = (id: string, categories: readonly string[], brand?: unknown) =>
      eligible(id, 1, { categories, properties: brand === undefined ? {} : { brand } });
    const items = [
      by('a', ['x']),
      by('b', ['x', 'y'], 'k'),
      by('c', ['y'], ['k', 'l']),
      by('d', ['z'], 'l'),
      by('e', []),
    ];
    const from = inOrder(items, none, new Map());
    const cap = (property: string | null) => ({ caps: [{ name: 'cap', property, most: 1 }] });
    expect(arranged(cap(null), nobody, 5, apart, from)).toEqual(['a', 'c cap', 'd', 'e']);
    expect(arranged(cap('brand'), nobody, 5, apart, from)).toEqual(['a', 'b', 'd cap', 'e']);
    const pins = [pin('c', 1)];
    expect(arranged({ ...cap('brand'), pins }, pinned(...items), 5, apart, from)).toEqual(['c pin', 'a', 'e cap']);
    expect(arranged(cap('__proto__'), nobody, 5, apart, from)).toHaveLength(5);
  });

  it('take the most relevant that is not near to what stands above: worked by hand', () => {
    // relevance 1, .75, .5, .25; a and b alike (.9), c far from a (.1) and b (0), d alone
    const table: Readonly<Record<string, number>> = { ab: 0.9, ac: 0.1, ad: 0, bc: 0, bd: 0, cd: 0.8 };
    const nearness = (x: ItemRow, y: ItemRow) => table[[x.id, y.id].sort().join('')] ?? 0;
    // w .5: after a: b .375 - .45, c .25 - .05 -> c; then b .375 - .45 = -.075, d .125 - .4 -> b
    const diversity = { name: 'diversity', weight: 0.5 };
    expect(arranged({ diversity }, nobody, 4, nearness)).toEqual(['a', 'c diversity', 'b', 'd']);
    // w .9: after a: b .075 - .81, c .05 - .09, d .025 -> d; then b -.735, c .05 - .72 -> c
    expect(arranged({ diversity: { ...diversity, weight: 0.9 } }, nobody, 4, nearness)).toEqual([
      ...['a', 'd diversity', 'c diversity', 'b'],
    ]);
  });
});

describe('nearness', () => {
  const vectors: Readonly<Record<string, Float32Array>> = {
    a: Float32Array.of(3, 4),
    b: Float32Array.of(6, 8),
    c: Float32Array.of(-3, -4),
    z: Float32Array.of(0, 0),
  };
  const near = nearnessBy((id) => vectors[id] ?? null);
  const item = (id: string, ...categories: readonly string[]) => eligible(id, 0, { categories }).item;

  it('is the cosine of the vectors, never below 0', () => {
    expect(near(item('a'), item('b'))).toBeCloseTo(1);
    expect(near(item('a'), item('c'))).toBe(0);
  });

  it('is the share of common categories where one has no vector', () => {
    expect(near(item('a', 'x', 'y'), item('new', 'y', 'y', 'w'))).toBeCloseTo(1 / 3);
    expect(near(item('z'), item('new'))).toBe(0);
  });
});
