import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const fields = `source fallbackReason modelVersion interactionsSeen memoryUpdatedAt shortfall { missing cause }
  items { rank source score item { id } } because { itemId }`;

interface Data {
  readonly recommendations: AnswerView;
}
const idsOf = ({ data }: Reply<Data>): readonly string[] => data.recommendations.items.map(({ item }) => item.id);

describe('recommendations without a memory', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('fallback_spec');
  });
  afterAll(async () => api.stop());

  const recommend = async (input: Readonly<Record<string, unknown>>): Promise<Reply<Data>> =>
    api.ask(`query($input: RecommendationsInput!) { recommendations(input: $input) { ${fields} } }`, { input });

  it('are empty, and say so, where the catalogue is', async () => {
    const { data } = await recommend({ userId: 'u', first: 5 });
    expect(data.recommendations).toMatchObject({
      items: [],
      fallbackReason: 'NO_MODEL',
      shortfall: { missing: 5, cause: 'CATALOGUE_EMPTY' },
    });
  });

  it('are the newest items where nothing has been counted', async () => {
    await putItems(api, [
      { id: 'older', createdAt: '2026-01-01T00:00:00Z' },
      { id: 'newest', createdAt: '2026-01-03T00:00:00Z' },
      { id: 'newer', createdAt: '2026-01-02T00:00:00Z' },
    ]);
    const reply = await recommend({ userId: 'u', first: 3 });
    expect(idsOf(reply)).toEqual(['newest', 'newer', 'older']);
    expect(reply.data.recommendations).toMatchObject({ source: 'LATEST', fallbackReason: 'NO_MODEL', shortfall: null });
  });

  it('are what is popular, of late first, without what the user has seen', async () => {
    await putItems(api, ['recent', 'everlasting', 'disliked']);
    const today = new Date().toISOString();
    await track(api, [
      ...[1, 2, 3].map((n) => ({
        userId: `u${n}`,
        itemId: 'everlasting',
        kind: 'purchase',
        occurredAt: '2020-01-01T00:00:00Z',
      })),
      { userId: 'u1', itemId: 'recent', occurredAt: today },
      { userId: 'u2', itemId: 'disliked', kind: 'dislike', occurredAt: today },
    ]);
    await eventually(async () => {
      const { data } = await recommend({ userId: 'u1', first: 10 });
      const { items, ...rest } = data.recommendations;
      expect(items.map(({ item, source, score }) => [item.id, source, source === 'POPULAR' ? score : 0])).toEqual([
        ['disliked', 'LATEST', 0],
        ['newest', 'LATEST', 0],
        ['newer', 'LATEST', 0],
        ['older', 'LATEST', 0],
      ]);
      expect(rest).toMatchObject({ shortfall: { missing: 6, cause: 'SEEN' }, interactionsSeen: 2 });
      const other = await recommend({ userId: 'nobody', first: 2 });
      expect(other.data.recommendations.items).toMatchObject([
        { rank: 1, item: { id: 'recent' }, source: 'POPULAR', score: 1 },
        { rank: 2, item: { id: 'everlasting' }, source: 'POPULAR', score: 12 },
      ]);
    });
  });

  it('leave out what a visitor listed, also without a model', async () => {
    const reply = await recommend({
      interactions: [{ itemId: 'recent' }, { itemId: 'newest', kind: 'skip' }],
      first: 10,
    });
    expect(idsOf(reply)).toEqual(['everlasting', 'disliked', 'newest', 'newer', 'older']);
    expect(reply.data.recommendations).toMatchObject({
      fallbackReason: 'NO_MODEL',
      interactionsSeen: 2,
      shortfall: { missing: 5, cause: 'SEEN' },
    });
  });

  describe('though there is a model', () => {
    beforeAll(async () => {
      await track(api, [
        { userId: 'unlisted', itemId: 'everlasting' },
        { userId: 'stranger', itemId: 'not in the model' },
      ]);
      await promoteRandom(api, ['recent', 'everlasting', 'newer']);
      await api.dataSource.query(`DELETE FROM user_memory WHERE user_id = 'unlisted'`);
    });

    it.each([
      ['an unknown user', { userId: 'nobody' }, 'UNKNOWN_USER', 0],
      ['a user without memory', { userId: 'unlisted' }, 'NO_MEMORY_YET', 1],
      ['a user of unknown items alone', { userId: 'stranger' }, 'NO_KNOWN_ITEMS', 1],
      ['a visitor who did nothing', { interactions: [] }, 'NO_INTERACTIONS', 0],
      ['a visitor of unknown items alone', { interactions: [{ itemId: 'x' }, { itemId: 'y' }] }, 'NO_KNOWN_ITEMS', 2],
    ])('say why: %s', async (_, input, fallbackReason, interactionsSeen) => {
      const reply = await recommend({ ...input, first: 1, excludeSeen: false });
      expect(idsOf(reply)).toEqual(['recent']);
      expect(reply.data.recommendations).toMatchObject({
        source: 'POPULAR',
        fallbackReason,
        interactionsSeen,
        modelVersion: null,
        because: [],
      });
    });

    it('say that the model scored none of the items where all that it knows were seen', async () => {
      await track(
        api,
        ['recent', 'everlasting', 'newer'].map((itemId) => ({ userId: 'all', itemId })),
      );
      const { data } = await recommend({ userId: 'all', first: 1 });
      expect(data.recommendations).toMatchObject({ source: 'LATEST', fallbackReason: 'NO_SCORED_ITEMS' });
    });
  });
});

it('a user who has seen hundreds of items is answered the one that is left', async () => {
  const many = Array.from({ length: 300 }, (_, n) => `many-${n}`);
  const busy = await startApi('busy_user_spec');
  try {
    await putItems(busy, many);
    await promoteRandom(busy, many);
    await track(
      busy,
      many.filter((itemId) => itemId !== 'many-137').map((itemId) => ({ userId: 'u', itemId })),
    );
    const { data } = await busy.ask<Data>(
      '{ recommendations(input: { userId: "u", first: 3 }) { source shortfall { missing cause } items { rank item { id } } } }',
    );
    expect(data.recommendations).toEqual({
      source: 'MEMORY',
      shortfall: { missing: 2, cause: 'SEEN' },
      items: [{ rank: 1, item: { id: 'many-137' } }],
    });
  } finally {
    await busy.stop();
  }
});
