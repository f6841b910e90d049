import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Network } from '../../src/model/network.js';
import { promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { AnswerView, PlacedView } from './views.js';

const items = Array.from({ length: 12 }, (_, n) => `item ${n}`);

interface Data {
  readonly recommendations: AnswerView;
}

describe('the influence of an interaction', () => {
  let api: RunningApi;
  let privacy: string;
  beforeAll(async () => {
    api = await startApi('because_spec');
    privacy = await api.newKey(['privacy']);
    await putItems(api, items);
    await promoteRandom(api, items, { width: 16, slots: 4, kinds: ['view', 'click'], gaps: 12 });
    await track(
      api,
      [3, 1, 4, 1, 5, 9, 2].map((n, at) => ({
        id: `event ${at}`,
        userId: 'u',
        itemId: `item ${n}`,
        kind: at % 2 === 0 ? 'view' : 'click',
        occurredAt: new Date(Date.UTC(2026, 0, 1) + 10_000 * 5 ** at).toISOString(),
      })),
    );
  });
  afterAll(async () => api.stop());

  const recommend = async (selection: string, excludeSeen = false): Promise<Reply<Data>> =>
    api.ask(
      `query($excludeSeen: Boolean!) { recommendations(input: { userId: "u", first: 12, excludeSeen: $excludeSeen }) { ${selection} } }`,
      { excludeSeen },
    );
  const scored = (placed: readonly PlacedView[] | undefined): ReadonlyMap<string, number> =>
    new Map(placed?.map(({ item, score }) => [item.id, score]));

  it('costs nothing where it is not asked for: no step is replayed, and no log read', async () => {
    const traced = jest.spyOn(Network.prototype, 'stepTraced');
    const stepped = jest.spyOn(Network.prototype, 'step');
    try {
      expect((await recommend('id source items { rank score item { id } }')).errors).toEqual([]);
      expect([traced.mock.calls.length, stepped.mock.calls.length]).toEqual([0, 0]);
      await recommend('because { id } items { because { influence } }');
      expect([traced.mock.calls.length, stepped.mock.calls.length]).toEqual([7, 7]); // once for all items
    } finally {
      traced.mockRestore();
      stepped.mockRestore();
    }
  });

  it('is for the answer the mean over its items', async () => {
    const { data } = await recommend(
      'because(first: 1) { id influence } items { because(first: 10) { id influence } }',
    );
    const [first] = data.recommendations.because;
    const own = data.recommendations.items.map(({ because }) => because.find(({ id }) => id === first?.id)?.influence);
    expect(own).toHaveLength(12);
    const mean = own.reduce<number>((sum, influence) => sum + (influence ?? NaN), 0) / 12;
    expect(first?.influence).toBeCloseTo(mean, 10);
  });

  it('is what forgetting it takes from the score of the item, exactly', async () => {
    const { data } = await recommend('items { score item { id } because { id influence } }');
    const placed = data.recommendations.items;
    const { because, score, item } = placed[0] as PlacedView;
    const influences = because.map(({ influence }) => influence ?? NaN);
    expect(influences).toEqual(influences.toSorted((one, other) => other - one));
    await api.ask(
      'mutation($input: ForgetInteractionsInput!) { forgetInteractions(input: $input) { forgotten } }',
      { input: { userId: 'u', ids: [because[0]?.id] } },
      privacy,
    );
    const after = scored((await recommend('items { score item { id } }')).data.recommendations.items);
    expect(score - (after.get(item.id) ?? NaN)).toBe(because[0]?.influence);
  });
});
