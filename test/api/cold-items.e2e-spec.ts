import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Checkpoint } from '../../src/model/checkpoint.js';
import { Network } from '../../src/model/network.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { putItems as storeItems } from '../../src/storage/item.store.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { eventually, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView, ErrorView } from './views.js';

const known = ['a', 'b', 'c', 'd'];
const plain = randomCheckpoint(known, { attributes: 2, content: { words: ['lamp'], vectorLength: 3 } });
/** Rows of M [7, 9]: attribute 0 and attribute 1, the word, three of the vector, the constant. Biases beyond what a query vector can score. */
const biases = [1000, -1000, 2000, 3000, 0, -3000, 0];
const checkpoint: Checkpoint = {
  ...plain,
  tensors: new Map(plain.tensors).set('content.weight', {
    shape: [7, 9],
    data: Float32Array.from({ length: 63 }, (_, at) =>
      at % 9 === 8 ? (biases[(at - 8) / 9] ?? 0) : at === 54 ? 1 : 0,
    ),
  }),
};
const network = new Network(checkpoint);

describe('an item that came after the training', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('cold_items_spec', { RECOLLECT_ITEM_VECTOR_LENGTH: '3' });
    await putItems(api, known);
    await api.app.get(Promotion).promote(await storeCheckpoint(api.dataSource, checkpoint));
    await track(api, [{ userId: 'u', itemId: 'a' }]);
  });
  afterAll(async () => api.stop());

  const recommend = async (first = 5): Promise<AnswerView> => {
    const { data } = await api.ask<{ recommendations: AnswerView }>(
      `query($first: Int!) { recommendations(input: { userId: "u", first: $first }) {
         source fallbackReason items { rank score source item { id } because { itemId } } } }`,
      { first },
    );
    return data.recommendations;
  };
  const placedOf = ({ items }: AnswerView): readonly (readonly string[])[] =>
    items.map(({ item, source }) => [item.id, source]);
  const place = async (id: string): Promise<readonly [number, string | undefined]> => {
    const { items } = await recommend();
    const at = items.findIndex(({ item }) => item.id === id);
    return [at, items[at]?.source];
  };
  const put = async (id: string, more: Readonly<Record<string, unknown>>): Promise<void> =>
    putItems(api, [{ id, ...more }]);

  it('is recommended by its category as soon as it is there, and rests on the same interactions', async () => {
    await put('new', { categories: ['attribute 0', 'of no other item'] });
    const answer = await recommend();
    expect(placedOf(answer)[0]).toEqual(['new', 'CONTENT']);
    expect(answer).toMatchObject({ source: 'MEMORY', fallbackReason: null });
    expect(answer.items[0]?.because).toEqual([{ itemId: 'a' }]);
    const u = network.query(network.trace([1]).state);
    expect(answer.items[0]?.score).toBeCloseTo(1000 + (u[0] ?? NaN), 3); // the constant's vector is (1, 0, ...)
  });

  it.each([
    ['category', { categories: ['attribute 1'] }, 3, 'CONTENT'],
    ['title', { title: 'A Lamp' }, 0, 'CONTENT'],
    ['description', { categories: ['attribute 1'], properties: { description: 'lamp' } }, 0, 'CONTENT'],
    ['vector', { vector: [2, 0, 0] }, 0, 'CONTENT'],
    ['vector', { vector: [0, 0, 1] }, 3, 'CONTENT'],
    ['nothing that the model knows', { title: 'chair', properties: { description: ['lamp'] } }, 3, 'LATEST'],
    ['nothing', {}, 3, 'LATEST'],
  ])('moves with its content: %s, case %#', async (_, content, at, source) => {
    await put('new', content);
    expect(await place('new')).toEqual([at, source]);
  });

  it('is out of the answers while it is hidden, expired or deleted, and once it is seen', async () => {
    const content = { categories: ['attribute 0'] };
    for (const gone of [{ available: false }, { expiresAt: '2026-01-01T00:00:00Z' }]) {
      await put('new', { ...content, ...gone });
      expect((await place('new'))[0]).toBe(-1);
      await put('new', content);
      expect(await place('new')).toEqual([0, 'CONTENT']);
    }
    await api.ask('mutation { deleteItems(input: { ids: ["new"] }) { deleted } }');
    expect((await place('new'))[0]).toBe(-1);
    await put('new', content);
    await put('seen', content);
    await track(api, [{ userId: 'u', itemId: 'seen', occurredAt: '2026-01-02T00:00:00Z' }]);
    const { items } = await recommend();
    expect(items.map(({ item }) => item.id)).not.toContain('seen');
    expect(items[0]?.item.id).toBe('new');
  });

  it('is found, and changes, when another process writes it', async () => {
    const item = { id: 'streamed', title: 'lamp', categories: [], properties: {}, vector: null, available: true };
    const dates = { createdAt: null, expiresAt: null };
    await storeItems(api.dataSource.manager, [{ ...item, ...dates }]);
    await eventually(async () => {
      expect(await place('streamed')).toEqual([0, 'CONTENT']);
    });
    await storeItems(api.dataSource.manager, [{ ...item, ...dates, title: 'lamp', vector: [0, 0, 5] }]);
    await eventually(async () => {
      expect((await place('streamed'))[0]).toBe(4); //           2000 - 3000
    });
    await api.ask('mutation { deleteItems(input: { ids: ["streamed"] }) { deleted } }');
  });

  it('has similar items, and is one', async () => {
    const similar = async (itemId: string): Promise<AnswerView> =>
      (
        await api.ask<{ similarItems: AnswerView }>(
          `query($itemId: ID!) { similarItems(input: { itemId: $itemId, first: 10 }) {
             source fallbackReason items { score source item { id } } } }`,
          { itemId },
        )
      ).data.similarItems;
    const cosine = (row: number): number =>
      (network.itemVector(row)[0] ?? NaN) / Math.hypot(...network.itemVector(row));
    const answer = await similar('new');
    expect(answer).toMatchObject({ source: 'MODEL', fallbackReason: null });
    const learned = answer.items.filter(({ source }) => source === 'MODEL');
    const expected = [1, 2, 3, 4].sort((a, b) => cosine(b) - cosine(a)).map((row) => network.vocabulary.idOf(row));
    expect(learned.map(({ item }) => item.id)).toEqual(expected);
    const of = (await similar('a')).items.find(({ item }) => item.id === 'new');
    expect(of?.source).toBe('CONTENT');
    expect(of?.score).toBeCloseTo(cosine(1), 5);
    await put('of nothing', {});
    expect((await similar('of nothing')).fallbackReason).toBe('UNKNOWN_ITEM');
  });

  it('is placed anew by the next model, and not at all by one that knows nothing of content', async () => {
    const promote = async (next: Checkpoint): Promise<number> => {
      const version = await storeCheckpoint(api.dataSource, next);
      await api.app.get(Promotion).promote(version);
      return version;
    };
    await promote(randomCheckpoint(known, { attributes: 2 }));
    await eventually(async () => {
      expect((await place('new'))[1]).toBe('LATEST');
    });
    await promote(checkpoint);
    await eventually(async () => {
      expect(await place('new')).toEqual([0, 'CONTENT']);
    });
  });

  it('with a vector of another length is refused', async () => {
    const { data } = await api.ask<{ putItems: { written: number; userErrors: readonly ErrorView[] } }>(
      `mutation { putItems(input: { items: [{ id: "x", vector: [1, 2] }, { id: "y", vector: [1, 2, 3] }] }) {
         written userErrors { code field message } } }`,
    );
    expect(data.putItems).toMatchObject({
      written: 1,
      userErrors: [{ code: 'INVALID_ITEM', field: 'items[0].vector' }],
    });
    const infinite = await api.ask<{ putItems: { userErrors: readonly ErrorView[] } }>(
      'mutation { putItems(input: { items: [{ id: "x", vector: [1e999, 2, 3] }] }) { userErrors { code field } } }',
    );
    expect(infinite.data.putItems.userErrors).toEqual([{ code: 'INVALID_ITEM', field: 'items[0].vector' }]);
  });
});
