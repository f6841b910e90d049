/** Case S13, everybody gets the same list: trainings of ml-latest-small that collapse or learn nothing, and a good one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { readFilms, readRatings } from '../../src/cli/demo/movielens.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { findModel } from '../../src/storage/model.store.js';
import type { ModelEntity } from '../../src/storage/model.entity.js';
import { findRun } from '../../src/storage/training-run.store.js';
import { createLogger } from '../../src/telemetry.js';
import type { Settings } from '../../src/training/recipe.js';
import { TrainingQueue } from '../../src/training/training-queue.js';
import { TrainingRun } from '../../src/training/training-run.js';
import { eventually, startApi, track, type RunningApi } from '../api/running-api.js';
import type { AnswerView } from '../api/views.js';

/** The built child: TensorFlow itself trains. */
const entry = fileURLToPath(new URL('../../dist/src/training/trainer-process.js', import.meta.url));
const films = readFilms();
const westerns = films.filter(({ categories }) => categories.includes('Western')).map(({ id }) => id);
const cartoons = films.filter(({ categories }) => categories.includes('Animation')).map(({ id }) => id);
const lists = 50;
const quick = { epochs: 1, width: 16, validationUsers: 200 };

describe('a model that gives everybody the same list', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('collapse_spec', {
      RECOLLECT_ROLE: 'api',
      RECOLLECT_TRAIN_THREADS: '1',
      RECOLLECT_TRAIN_DEVICE: 'cpu',
    });
    const ratings = readRatings();
    await api.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, value, occurred_at)
       SELECT n.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[]) AS n`,
      (['userId', 'id', 'itemId', 'kind', 'value', 'occurredAt'] as const).map((name) =>
        ratings.map((row) => row[name]),
      ),
    );
    await api.dataSource.query(
      `INSERT INTO item (id, title, categories, change_number)
       SELECT film ->> 'id', film ->> 'title', ARRAY(SELECT jsonb_array_elements_text(film -> 'categories')), pg_current_xact_id()::text::bigint
         FROM jsonb_array_elements($1) AS film`,
      [JSON.stringify(films)],
    );
  });
  afterAll(async () => api.stop());

  /** A whole run, with the rest of the recipe as it is for this log. */
  const train = async (trainRecipe: Settings): Promise<{ model: ModelEntity; result: unknown }> => {
    const { app, dataSource } = api;
    const config = { ...api.config, trainRecipe };
    const queue = app.get(TrainingQueue);
    const run = new TrainingRun(config, createLogger(config), entry, dataSource, app.get(Promotion), queue);
    const started = await queue.startTraining({
      cause: 'MUTATION',
      reason: null,
      idempotencyKey: null,
      warmStart: null,
    });
    await run.run(started.run.id, new AbortController().signal);
    const row = await findRun(dataSource.manager, started.run.id);
    const model = await findModel(dataSource.manager, row?.modelVersion ?? 0);
    if (model === null) throw new Error(`nothing was trained: ${row?.errorMessage ?? ''}`);
    return { model, result: row?.result };
  };

  it.each([
    [
      'has collapsed',
      { ...quick, width: 1 }, // a norm over one number forgets it: one query for all
      /^without the rules everybody gets nearly the same list: .* of the catalogue/,
    ],
    [
      'learns nothing',
      { learningRate: 1e-30, ...quick },
      /^the network has learned nothing: without the rules NDCG@10/,
    ],
  ])(
    'is refused by that name where it %s, though the rules beside it beat popularity',
    async (_, recipe, reason) => {
      const { model, result } = await train(recipe);
      expect(result).toMatchObject({ promoted: false, reason: expect.stringMatching(reason) });
      expect(model.status).toBe('REJECTED');
      for (const figures of [model.metrics.model, model.metrics.modelWithoutBlend, model.metrics.popularity]) {
        expect(figures).toMatchObject({ coverage: expect.any(Number), overlap: expect.any(Number) });
      }
      expect((await api.ask('{ liveModel { version } }')).data).toEqual({ liveModel: null });
    },
    180_000,
  );

  describe('beside one that was trained well', () => {
    beforeAll(async () => {
      const { result } = await train({ ...quick, epochs: 3, width: 32 });
      expect(result).toMatchObject({ promoted: true });
      await eventually(async () => {
        expect((await api.ask('{ liveModel { version } }')).data).toMatchObject({ liveModel: { version: 3 } });
      });
      await track(api, lookedAt('western', westerns));
      await track(api, lookedAt('cartoon', cartoons));
    }, 180_000);

    /** Three hundred looks, at each film again when all were looked at. */
    const lookedAt = (userId: string, itemIds: readonly string[]) =>
      Array.from({ length: 300 }, (_, n) => ({ userId, id: `${n}`, itemId: itemIds[n % itemIds.length] ?? '' }));

    const answer = async (userId: string): Promise<AnswerView> =>
      (
        await api.ask<{ recommendations: AnswerView }>(
          'query($userId: ID!) { recommendations(input: { userId: $userId }) { source items { source score item { id } } } }',
          { userId },
        )
      ).data.recommendations;

    const topTen = async (userId: string): Promise<readonly string[]> =>
      (await answer(userId)).items.map(({ item }) => item.id);

    const shared = (one: readonly string[], other: readonly string[]): number =>
      one.filter((id) => other.includes(id)).length / 10;

    it('two users of opposite taste share less of their lists than two drawn at random', async () => {
      const others = await Promise.all(Array.from({ length: lists }, async (_, n) => topTen(String(1 + n * 12))));
      const pairs = others.flatMap((one, n) => others.slice(n + 1).map((other) => shared(one, other)));
      const mean = pairs.reduce((sum, share) => sum + share, 0) / pairs.length;
      expect(mean).toBeGreaterThan(0);
      expect(mean).toBeLessThan(0.2);
      expect(shared(await topTen('western'), await topTen('cartoon'))).toBeLessThan(mean);
    });

    /** Mean place of the cartoons among as many of both. */
    const placeOfCartoons = async (userId: string): Promise<number> => {
      const count = 60;
      const { data } = await api.ask<{ rankItems: AnswerView }>(
        'query($input: RankItemsInput!) { rankItems(input: $input) { source items { rank item { id } } } }',
        { input: { userId, itemIds: [...westerns.slice(0, count), ...cartoons.slice(0, count)] } },
      );
      expect(data.rankItems.source).toBe('MEMORY');
      const ranks = data.rankItems.items.filter(({ item }) => cartoons.includes(item.id)).map(({ rank }) => rank);
      return ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
    };

    it('an interaction of the other taste changes the next answer, towards it', async () => {
      const steps = [await placeOfCartoons('western')];
      const before = await topTen('western');
      const cartoonFan = await placeOfCartoons('cartoon');
      for (const n of [0, 1, 2]) {
        const itemId = cartoons[70 + n] ?? '';
        await track(api, [{ userId: 'western', itemId, occurredAt: `2026-03-01T00:0${n}:00Z` }]);
        steps.push(await placeOfCartoons('western'));
        if (n === 0) expect(await topTen('western')).not.toEqual(before);
      }
      const [first = NaN, second = NaN, , last = NaN] = steps;
      expect(second).toBeLessThan(first);
      expect(last).toBeLessThan(second);
      expect(cartoonFan).toBeLessThan(first);
    });

    it('and no list that everybody gets is said to come from memory', async () => {
      for (const userId of ['nobody', 'somebody else']) {
        const { source, items } = await answer(userId);
        expect([source, ...new Set(items.map((item) => item.source))]).toEqual(['POPULAR', 'POPULAR']);
      }
      const { source, items } = await answer('western');
      expect([source, ...new Set(items.map((item) => item.source))]).toEqual(['MEMORY', 'MEMORY']);
    });
  });
});
