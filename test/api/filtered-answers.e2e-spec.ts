/** Where a filter meets what this process does not know yet, or what a ranking has cut off. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putItems as storeItems } from '../../src/storage/item.store.js';
import { promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

describe('an answer by a filter', () => {
  let api: RunningApi;
  const items = Array.from({ length: 12 }, (_, place) => `i${place}`);
  beforeAll(async () => {
    api = await startApi('filtered_answers_spec', { RECOLLECT_REFRESH_MS: '60000' });
    await putItems(
      api,
      items.map((id) => ({ id, categories: ['red'] })),
    );
    await promoteRandom(api, items);
    await track(api, [{ userId: 'u', itemId: 'i0' }]);
  });
  afterAll(async () => api.stop());

  const answer = async (query: string): Promise<AnswerView> => {
    const { data, errors } = await api.ask<{ answer: AnswerView }>(
      `{ answer: ${query} { shortfall { missing cause } items { score item { id } } } }`,
    );
    expect(errors).toEqual([]);
    return data.answer;
  };
  const idsOf = ({ items: placed }: AnswerView) => placed.map(({ item }) => item.id);

  // the first to ask for what is popular, which is kept for as long as nothing is looked up here
  it('has the popular items of the filter, though ten thousand others are more popular', async () => {
    await putItems(api, [
      { id: 'deep', categories: ['rare'] },
      { id: 'deeper', categories: ['rare'] },
      { id: 'never', categories: ['rare'] },
    ]);
    await api.dataSource.query(
      `INSERT INTO item_count (item_id, kind, day, count)
       SELECT 'other ' || n, 'view', current_date, 5 FROM generate_series(1, 10001) n
       UNION ALL VALUES ('deep', 'view', current_date, 2), ('deeper', 'view', current_date, 1)`,
    );
    const filter = 'filter: { categories: { eq: "rare" } }';
    const popular = await answer(`popularItems(input: { first: 3, ${filter} })`);
    expect(popular.items.map(({ item, score }) => [item.id, score])).toEqual([
      ['deep', 2],
      ['deeper', 1],
    ]);
    const fallback = await answer(`recommendations(input: { userId: "nobody", first: 3, ${filter} })`);
    expect(idsOf(fallback)).toEqual(['deep', 'deeper', 'never']);
  });

  it('goes on with the next best where another process took the best ones out of it', async () => {
    // no notification: the trigger is asleep, so that this process knows nothing of it
    await api.dataSource.query('ALTER TABLE item DISABLE TRIGGER item_change');
    const query = (first: number) =>
      `recommendations(input: { userId: "u", first: ${first}, excludeSeen: false, filter: { categories: { eq: "red" } } })`;
    const before = idsOf(await answer(query(12)));
    expect(before).toHaveLength(12);
    const of = { title: null, properties: {}, vector: null, createdAt: null, expiresAt: null, available: true };
    const gone = [0, 1, 3, 4].map((place) => before[place] ?? '');
    await storeItems(
      api.dataSource.manager,
      gone.map((id) => ({ ...of, id, categories: ['blue'] })),
    );
    const left = before.filter((id) => !gone.includes(id));
    for (const first of [1, 2, 3, 8]) {
      const after = await answer(query(first));
      expect(idsOf(after)).toEqual(left.slice(0, first));
      expect(after.shortfall).toBeNull();
    }
    expect((await answer(query(10))).shortfall?.missing).toBe(2);
    await api.dataSource.query('ALTER TABLE item ENABLE TRIGGER item_change');
  });
});
