import { describe, expect, it } from '@jest/globals';
import { readFilter } from './item-filter.js';
import type { ItemFilterInput } from './item-filter.type.js';

const read = (filter: unknown) => readFilter(filter as ItemFilterInput);
const nested = (levels: number): object => (levels === 1 ? {} : { not: nested(levels - 1) });

describe('a filter of a request', () => {
  it('is none when it is left out, and passes what is said', () => {
    expect(read(undefined)).toBeNull();
    expect(read({})).toEqual({});
    const filter = {
      or: [{ ids: { in: [] } }, { categories: { all: ['x'] } }],
      properties: [
        { name: 'brand', in: ['a', 1, true] },
        { name: 'size', path: ['a', 'b', 'c', 'd'], exists: true },
      ],
      price: { range: { gte: 1, lt: 2 } },
    };
    expect(read(filter)).toEqual(filter);
    expect(read({ createdAt: { gte: '2026-05-01T00:00:00+02:00' } })).toEqual({
      createdAt: { gte: 1_777_586_400_000 },
    });
    expect(read(nested(8))).toEqual(nested(8));
    expect(read({ price: { range: { gte: 3, lte: 3 } } })).toEqual({ price: { range: { gte: 3, lte: 3 } } });
  });

  it.each<[string, unknown, RegExp]>([
    ['null for a filter', null, /^filter: is null/],
    ['null for a condition', { ids: null }, /^filter\.ids: is null/],
    ['null in a condition', { or: [{ price: { eq: null } }] }, /^filter\.or\[0\]\.price\.eq: is null/],
    ['a condition that says nothing', { categories: {} }, /^filter\.categories: says nothing/],
    ['two lower bounds', { price: { range: { gt: 1, gte: 2 } } }, /^filter\.price\.range: .*gt and gte/],
    ['no bound', { price: { range: {} } }, /range: needs/],
    ['bounds that cross', { price: { range: { gte: 2, lt: 1 } } }, /contradicts/],
    ['bounds that leave nothing', { price: { range: { gt: 2, lte: 2 } } }, /contradicts/],
    ['times that cross', { createdAt: { gt: '2026-05-02T00:00:00Z', lt: '2026-05-01T00:00:00Z' } }, /createdAt: contr/],
    [
      'a path of no names',
      { properties: [{ name: 'a', path: [], eq: 1 }] },
      /^filter\.properties\[0\]\.path: has 0 names/,
    ],
    [
      'a long path',
      { properties: [{ name: 'a', path: ['b', 'c', 'd', 'e', 'f'], eq: 1 }] },
      /path: has 5 names; 1 to 4/,
    ],
    ['null for a path', { properties: [{ name: 'a', path: null, eq: 1 }] }, /path: is null/],
    ['a path and nothing else', { properties: [{ name: 'a', path: ['b'] }] }, /says nothing/],
    ['a time without a zone', { createdAt: { gt: '2026-05-02T00:00:00' } }, /createdAt\.gt/],
    ['an id that none can have', { ids: { in: ['a', ''] } }, /ids\.in\[1\]/],
    ['too many ids', { ids: { in: Array.from({ length: 10_001 }, String) } }, /at most 10000/],
    ['too many values', { price: { in: Array.from({ length: 1_001 }, (_, n) => n) } }, /at most 1000/],
    ['a long text', { categories: { eq: 'x'.repeat(1_001) } }, /categories\.eq: has 1001 characters/],
    ['too deep', nested(9), /deeper than 8 levels/],
    ['too many conditions', { and: Array.from({ length: 101 }, () => ({ price: { eq: 1 } })) }, /more than 100/],
  ])('refuses %s', (_, filter, message) => {
    expect(() => read(filter)).toThrow(message);
  });
});
