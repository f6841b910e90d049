import { describe, expect, it } from '@jest/globals';
import type { DialectName } from '../ingest/dialect.js';
import { itemOf } from './item-dialect.js';

const rows: readonly (readonly [DialectName, object, object])[] = [
  [
    'personalize',
    { ITEM_ID: '1', CREATION_TIMESTAMP: '1770000000', CATEGORY_L1: 'a|b', CATEGORY_L2: 'c', PRICE: '9' },
    { id: '1', categories: ['a', 'b', 'c'], createdAt: 1_770_000_000_000, properties: { PRICE: '9' } },
  ],
  [
    'gorse',
    { ItemId: '1', IsHidden: true, Categories: null, Timestamp: '0001-01-01T00:00:00Z', Labels: ['x'], Comment: '' },
    { id: '1', title: null, categories: null, available: false, createdAt: null, properties: { labels: ['x'] } },
  ],
  [
    'metarank',
    { event: 'item', id: 'e', item: '1', timestamp: '1770000000000', fields: [{ name: 'color', value: ['red'] }] },
    { id: '1', properties: { color: ['red'] } },
  ],
  ['recombee', { itemId: '1', color: 'red' }, { id: '1', properties: { color: 'red' } }],
  [
    'movielens',
    { movieId: '1', title: 'Heat (1995)', genres: 'Action|Crime' },
    { id: '1', title: 'Heat (1995)', categories: ['Action', 'Crime'], properties: {} },
  ],
  ['movielens', { movieId: '1', title: 'X', genres: '(no genres listed)' }, { categories: [] }],
  [
    'recbole',
    { item_id: '1', movie_title: 'Heat', release_year: '1995', class: 'Action Crime' },
    { id: '1', title: 'Heat', categories: ['Action', 'Crime'], properties: { release_year: '1995' } },
  ],
];

describe('an item of another recommender', () => {
  it.each(rows)('is read by the names of %s: %j', (dialect, row, item) => {
    expect(itemOf(row, dialect)).toMatchObject(item);
  });

  it('is recognised where one dialect alone names the id so, and else left as it is', () => {
    expect(itemOf({ ItemId: '1' })).toMatchObject({ id: '1' });
    expect(itemOf({ ITEM_ID: '1' })).toMatchObject({ id: '1' });
    const own = { id: '1', itemId: '2' };
    expect(itemOf(own)).toBe(own);
    expect(itemOf('text')).toBe('text');
  });

  it('is refused where its time counts milliseconds for seconds, or it is another event', () => {
    const row = { ITEM_ID: '1', CREATION_TIMESTAMP: '1770000000000' };
    expect(() => itemOf(row)).toThrow(expect.objectContaining({ code: 'TIME_UNIT', field: 'CREATION_TIMESTAMP' }));
    expect(() => itemOf({ event: 'user', item: '1' }, 'metarank')).toThrow(/event/);
  });
});
