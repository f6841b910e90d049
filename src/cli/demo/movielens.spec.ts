import { describe, expect, it } from '@jest/globals';
import { readFilms, readRatings } from './movielens.js';

describe('MovieLens in the repository', () => {
  it('has 9,742 films with the year taken out of the title', () => {
    const films = readFilms();
    expect(films).toHaveLength(9_742);
    expect(films[0]).toEqual({
      id: '1',
      title: 'Toy Story',
      categories: ['Adventure', 'Animation', 'Children', 'Comedy', 'Fantasy'],
      properties: { year: 1995 },
    });
    expect(films.filter(({ title }) => title === '')).toEqual([]);
  });

  it('has 100,836 ratings of 610 users in order of time', () => {
    const ratings = readRatings();
    expect(ratings).toHaveLength(100_836);
    expect(new Set(ratings.map(({ userId }) => userId)).size).toBe(610);
    expect(new Set(ratings.map(({ id }) => id)).size).toBe(100_836);
    expect(ratings.every(({ occurredAt }, at) => at === 0 || occurredAt >= (ratings[at - 1]?.occurredAt ?? ''))).toBe(
      true,
    );
    expect(ratings[0]?.occurredAt.slice(0, 4)).toBe('1996');
  });
});
