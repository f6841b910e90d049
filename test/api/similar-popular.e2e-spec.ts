import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Network } from '../../src/model/network.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { eventually, promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const known = ['a', 'b', 'c', 'd'];

describe('similar items', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('similar_spec');
    await putItems(api, [...known, 'cold']);
  });
  afterAll(async () => api.stop());

  const similar = async (input: Readonly<Record<string, unknown>>): Promise<Reply<{ similarItems: AnswerView }>> =>
    api.ask(
      `query($input: SimilarItemsInput!) { similarItems(input: $input) {
         source fallbackReason modelVersion interactionsSeen shortfall { missing cause }
         items { rank score source item { id } because { itemId } } because { itemId } } }`,
      { input },
    );

  it('are the popular and new ones before there is a model', async () => {
    const { data } = await similar({ itemId: 'a', first: 2 });
    expect(data.similarItems).toMatchObject({ source: 'LATEST', fallbackReason: 'NO_MODEL', modelVersion: null });
  });

  it('lie nearest in the item table, without the item itself', async () => {
    const version = await promoteRandom(api, known);
    const network = new Network(randomCheckpoint(known));
    const cosine = (one: Float32Array, other: Float32Array): number => {
      const dot = (x: Float32Array, y: Float32Array): number =>
        x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
      return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
    };
    const expected = [2, 3, 4]
      .map((row) => ({
        id: network.vocabulary.idOf(row),
        score: cosine(network.itemVector(1), network.itemVector(row)),
      }))
      .sort((one, other) => other.score - one.score);
    const { data } = await similar({ itemId: 'a', first: 3 });
    expect(data.similarItems.items.map(({ item }) => item.id)).toEqual(expected.map(({ id }) => id));
    data.similarItems.items.forEach(({ score }, place) => {
      expect(score).toBeCloseTo(expected[place]?.score ?? NaN, 5);
    });
    expect(data.similarItems).toMatchObject({
      source: 'MODEL',
      fallbackReason: null,
      modelVersion: version,
      because: [],
    });
  });

  it('go on with others, and end where the catalogue does', async () => {
    const { data } = await similar({ itemId: 'a', first: 10 });
    const { items, shortfall } = data.similarItems;
    expect(items.map(({ source }) => source)).toEqual(['MODEL', 'MODEL', 'MODEL', 'LATEST']);
    expect(items[3]?.item.id).toBe('cold');
    expect(shortfall).toEqual({ missing: 6, cause: 'CATALOGUE_EXHAUSTED' });
  });

  it('of an item that the model does not know are popular ones', async () => {
    const { data } = await similar({ itemId: 'cold', first: 10 });
    expect(data.similarItems.fallbackReason).toBe('UNKNOWN_ITEM');
    expect(data.similarItems.items.map(({ item }) => item.id).sort()).toEqual(known);
    expect((await similar({ itemId: 'a', first: 0 })).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
  });
});

describe('popular items', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('popular_spec');
    await putItems(api, ['bought', 'viewed', 'disliked', 'old', 'never']);
    const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
    await track(api, [
      { userId: 'u', itemId: 'bought', kind: 'purchase', occurredAt: hoursAgo(0) },
      { userId: 'u', itemId: 'viewed', occurredAt: hoursAgo(0) },
      { userId: 'v', itemId: 'viewed', occurredAt: hoursAgo(0) },
      { userId: 'u', itemId: 'disliked', kind: 'dislike', occurredAt: hoursAgo(0) },
      ...['u', 'v', 'w'].map((userId) => ({ userId, itemId: 'old', occurredAt: hoursAgo(24 * 40) })),
      { userId: 'u', itemId: 'not in the catalogue', occurredAt: hoursAgo(0) },
    ]);
  });
  afterAll(async () => api.stop());

  const popular = async (input: Readonly<Record<string, unknown>>): Promise<Reply<{ popularItems: AnswerView }>> =>
    api.ask(
      `query($input: PopularItemsInput!) { popularItems(input: $input) {
         source fallbackReason shortfall { missing cause } items { score source item { id } } } }`,
      { input },
    );

  it.each([
    [
      'of all time, by the weights of the kinds, without dislikes',
      {},
      [
        ['bought', 4],
        ['old', 3],
        ['viewed', 2],
      ],
    ],
    [
      'of the last days',
      { windowDays: 30 },
      [
        ['bought', 4],
        ['viewed', 2],
      ],
    ],
    [
      'of one kind',
      { kinds: ['view'] },
      [
        ['old', 3],
        ['viewed', 2],
      ],
    ],
    ['of one kind in the last days', { kinds: ['view'], windowDays: 7 }, [['viewed', 2]]],
    ['of a kind that is negative, if it is named', { kinds: ['dislike'] }, [['disliked', 1]]],
    ['of no kind', { kinds: [] }, []],
  ] as const)('are those %s', async (_, input, expected) => {
    await eventually(async () => {
      const { data } = await popular(input);
      expect(data.popularItems.items.map(({ item, score }) => [item.id, score])).toEqual(expected);
      expect(data.popularItems).toMatchObject({
        source: 'POPULAR',
        fallbackReason: null,
        shortfall: { missing: 10 - expected.length, cause: 'NOT_COUNTED' },
      });
    });
  });

  it('need no input, and refuse what can not be counted', async () => {
    const { data } = await api.ask<{ popularItems: AnswerView }>('{ popularItems { items { item { id } } } }');
    expect(data.popularItems.items).toHaveLength(3);
    for (const input of [
      { kinds: ['wink'] },
      { kinds: ['__proto__'] },
      { windowDays: 0 },
      { windowDays: 1e6 },
      { first: 101 },
    ]) {
      expect((await popular(input)).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    }
  });
});
