/** Rules of an answer over GraphQL; what they mean in detail is held by src/recommend/rules. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const count = 400;
const learned = Array.from({ length: count }, (_, place) => `i${place}`);
type Input = Readonly<Record<string, unknown>>;

describe('rules', () => {
  let api: RunningApi;
  let plain: readonly string[];
  beforeAll(async () => {
    api = await startApi('rules_spec');
    const item = (id: string, place: number) => ({
      ...{ id, categories: [`c${place % 4}`], properties: { brand: `b${place % 7}`, even: place % 2 === 0 } },
    });
    await putItems(api, [...learned, 'cold'].map(item));
    await promoteRandom(api, learned);
    await track(
      api,
      ['i1', 'i2', 'i3'].map((itemId) => ({ userId: 'u', itemId })),
    );
    plain = (await answer({}, 100)).items.map(({ item: { id } }) => id);
  });
  afterAll(async () => api.stop());

  const ask = async (rules: Input | null, first: number, more: Input = {}) =>
    api.ask<{ answer: AnswerView }>(
      `query($input: RecommendationsInput!) { answer: recommendations(input: $input) {
         source shortfall { missing cause } items { rank score source rules item { id categories properties } } } }`,
      { input: { userId: 'u', first, ...(rules === null ? {} : { rules }), ...more } },
    );
  const answer = async (rules: Input | null, first: number, more: Input = {}): Promise<AnswerView> => {
    const { data, errors } = await ask(rules, first, more);
    expect(errors).toEqual([]);
    expect(data.answer.items.map(({ rank }) => rank)).toEqual(data.answer.items.map((_, place) => place + 1));
    return data.answer;
  };
  const idsOf = ({ items }: AnswerView) => items.map(({ item }) => item.id);
  const rulesOf = ({ items }: AnswerView) => items.map(({ rules }) => rules);
  const refusal = async (rules: Input, more: Input = {}) => {
    const { status, errors } = await ask(rules, 5, more);
    return { status, code: errors[0]?.extensions.code, message: errors[0]?.message };
  };

  it('change nothing where there are none', async () => {
    const found = await answer({ boosts: [], pins: [] }, 10);
    expect(idsOf(found)).toEqual(plain.slice(0, 10));
    expect(rulesOf(found).flat()).toEqual([]);
  });

  it('bring a boosted item up from the end of the catalogue, with the score of the model', async () => {
    const all = await answer(null, 100, { filter: { properties: [{ name: 'even', eq: false }] } });
    const last = idsOf(all).at(-1) ?? '';
    const boosts = [{ filter: { ids: { eq: last } }, factor: 1_000, name: 'sale' }];
    const found = await answer({ boosts }, 3);
    expect(found.items[0]).toMatchObject({ item: { id: last }, rules: ['sale'], score: all.items.at(-1)?.score });
    expect(idsOf(found).slice(1)).toEqual(plain.slice(0, 2));
  });

  it('pin items, also one that the model does not know, and never one that may not be answered', async () => {
    const pins = [
      { itemId: 'cold', rank: 2 },
      { itemId: 'i1', rank: 1 },
      { itemId: 'nowhere', rank: 4 },
    ];
    const found = await answer({ pins }, 4);
    expect(idsOf(found)).toEqual([plain[0], 'cold', plain[1], plain[2]]); // i1 was seen, nowhere is none
    expect(found.items[1]).toMatchObject({ source: 'RULE', score: 0, rules: ['pin'] });
    expect(idsOf(await answer({ pins }, 4, { excludeSeen: false }))[0]).toBe('i1');
    expect(idsOf(await answer({ pins }, 4, { blockedItemIds: ['cold'] }))).not.toContain('cold');
  });

  it('answer an item once that is pinned, promoted and scored', async () => {
    const [best = ''] = plain;
    const rules = { pins: [{ itemId: best, rank: 3 }], promoted: { filter: { ids: { in: [best] } }, share: 0.4 } };
    const found = await answer(rules, 5);
    expect(new Set(idsOf(found)).size).toBe(5);
    expect(idsOf(found)).toContain(best);
  });

  it('keep the share of what is promoted', async () => {
    const filter = { properties: [{ name: 'brand', eq: 'b3' }] };
    const found = await answer({ promoted: { filter, share: 0.5, name: 'ad' } }, 10);
    const promoted = found.items.map(
      ({ item }) => (item as unknown as { properties: Input }).properties.brand === 'b3',
    );
    for (const [place] of promoted.entries()) {
      const above = promoted.slice(0, place + 1);
      expect(above.filter(Boolean).length).toBeGreaterThanOrEqual(Math.floor(above.length / 2));
    }
    expect(rulesOf(found).flat()).toContain('ad');
  });

  it('cap the items of a category, looking on until the answer is full', async () => {
    const found = await answer({ caps: [{ most: 2 }] }, 8);
    expect(found.items).toHaveLength(8);
    const brands = await answer({ caps: [{ property: 'brand', most: 1 }] }, 10);
    expect(brands.items).toHaveLength(7);
    expect(brands.shortfall).toEqual({ missing: 3, cause: 'RULES' });
  });

  it('draw the same with a seed, another without', async () => {
    const exploration = { weight: 5, seed: 'monday' };
    const drawn = idsOf(await answer({ exploration }, 10));
    expect(idsOf(await answer({ exploration }, 10))).toEqual(drawn);
    expect(idsOf(await answer({ exploration: { weight: 5, seed: 'tuesday' } }, 10))).not.toEqual(drawn);
    const found = await answer({ exploration: { weight: 5 } }, 10);
    expect(idsOf(await answer({ exploration: { weight: 5 } }, 10))).not.toEqual(idsOf(found));
  });

  it('spread an answer by likeness', async () => {
    const found = await answer({ diversity: { weight: 0.9 } }, 10);
    expect(idsOf(found)).not.toEqual(plain.slice(0, 10));
    expect(rulesOf(found).flat()).toContain('diversity');
  });

  it('rotate what the user was shown', async () => {
    const rotation = { withinHours: 1, factor: 1e-6 };
    await track(api, [{ userId: 'w', itemId: 'i9' }]);
    const shown = idsOf(await answer(null, 5, { userId: 'w' }));
    await eventually(async () => {
      expect(idsOf(await answer({ rotation }, 5, { userId: 'w' })).filter((id) => shown.includes(id))).toEqual([]);
    });
  });

  it.each<[string, Input, RegExp, Input?]>([
    [
      'a boost that is no number',
      { boosts: [{ filter: {}, factor: 0 }] },
      /boosts\[0\]\.factor: must be at least 0.001/,
    ],
    ['a boost without end', { boosts: [{ filter: {}, factor: 1e9 }] }, /at most 1000/],
    [
      'a pin twice',
      {
        pins: [
          { itemId: 'a', rank: 1 },
          { itemId: 'a', rank: 2 },
        ],
      },
      /pins one item twice/,
    ],
    [
      'two pins at one rank',
      {
        pins: [
          { itemId: 'a', rank: 1 },
          { itemId: 'b', rank: 1 },
        ],
      },
      /two pins at one rank/,
    ],
    ['a rank that is none', { pins: [{ itemId: 'a', rank: 0 }] }, /pins\[0\]\.rank/],
    ['a share above all', { promoted: { filter: {}, share: 1.5 } }, /promoted\.share/],
    ['a cap of none', { caps: [{ most: 0 }] }, /caps\[0\]\.most/],
    ['a factor that does not lower', { rotation: { withinHours: 1, factor: 1 } }, /rotation\.factor/],
    ['rotation for nobody', { rotation: { withinHours: 1 } }, /needs a userId/, { userId: null, interactions: [] }],
    [
      'a filter that contradicts itself',
      { boosts: [{ filter: { price: { range: {} } }, factor: 2 }] },
      /boosts\[0\]\.filter/,
    ],
    ['an empty name', { diversity: { weight: 0.1, name: '' } }, /diversity\.name/],
  ])('refuse %s', async (_, rules, message, more = {}) => {
    expect(await refusal(rules, more)).toEqual({
      ...{ status: 200, code: 'BAD_INPUT', message: expect.stringMatching(message) },
    });
  });
});
