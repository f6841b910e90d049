import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { contentMapOf } from '../../src/model/checkpoint.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { findModel, setLiveModel } from '../../src/storage/model.store.js';
import type { TrainingRunEntity } from '../../src/storage/training-run.entity.js';
import { findRun } from '../../src/storage/training-run.store.js';
import { createLogger } from '../../src/telemetry.js';
import { TrainingQueue } from '../../src/training/training-queue.js';
import { TrainingRun } from '../../src/training/training-run.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';

/** The built child: TensorFlow itself trains. */
const entry = fileURLToPath(new URL('../../dist/src/training/trainer-process.js', import.meta.url));

describe('a training with TensorFlow', () => {
  let database: FreshDatabase;
  let queue: TrainingQueue;
  let live: LiveModel;
  let run: TrainingRun;
  beforeAll(async () => {
    database = await freshDatabase('training_spec', {
      RECOLLECT_TRAIN_EPOCHS: '12',
      RECOLLECT_TRAIN_THREADS: '1',
      RECOLLECT_TRAIN_DEVICE: 'cpu',
    });
    const logger = createLogger(database.config);
    queue = new TrainingQueue(database.config, logger, database.dataSource);
    await queue.onModuleInit();
    live = new LiveModel(database.config, logger, database.dataSource);
    const promotion = new Promotion(database.config, logger, database.dataSource, live);
    run = new TrainingRun(database.config, logger, entry, database.dataSource, promotion, queue);
  });
  afterEach(async () => {
    await database.dataSource.query('TRUNCATE interaction, item');
  });
  afterAll(async () => {
    await queue.onApplicationShutdown();
    await database.drop();
  });

  /** One event a minute for each user, in the order of the list. */
  const log = async (sequences: readonly (readonly string[])[]): Promise<void> => {
    const events = sequences.flatMap((items, user) =>
      items.map((itemId, n) => ({
        userId: `user ${user}`,
        id: `${n}`,
        itemId,
        at: new Date(Date.UTC(2026, 0, 1, 0, n)),
      })),
    );
    await database.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT user_id, id, item_id, 'view', occurred_at
       FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS n(user_id, id, item_id, occurred_at)`,
      [
        events.map(({ userId }) => userId),
        events.map(({ id }) => id),
        events.map(({ itemId }) => itemId),
        events.map(({ at }) => at),
      ],
    );
  };
  const train = async (warmStart: boolean | null = null): Promise<TrainingRunEntity> => {
    const started = await queue.startTraining({ cause: 'MUTATION', reason: null, idempotencyKey: null, warmStart });
    expect(started.created).toBe(true);
    await run.run(started.run.id, new AbortController().signal);
    const row = await findRun(database.dataSource.manager, started.run.id);
    if (row === null) throw new Error('the run is gone');
    return row;
  };

  it.each([
    ['an empty log', [], '0 interactions of 0 users with 0 items'],
    ['one user with one event', [['a']], '1 interactions of 1 users with 1 items'],
    [
      'fifty users with one event each',
      Array.from({ length: 50 }, (_, n) => [`item ${n}`]),
      'Users with at least 3 interactions: 0 (needed: 1)',
    ],
    [
      'fifty users with the same single item',
      Array.from({ length: 50 }, () => ['a', 'a', 'a']),
      '150 interactions of 50 users with 1 items',
    ],
  ])('is skipped with the numbers for %s', async (_, sequences, numbers) => {
    await log(sequences);
    expect(await train()).toMatchObject({
      status: 'SKIPPED',
      errorCode: 'TRAINING_DATA_INSUFFICIENT',
      errorMessage: expect.stringContaining(numbers),
      modelVersion: null,
    });
    expect(live.current()).toBeNull();
  });

  it.each([
    ['one user with 10,000 events', [Array.from({ length: 10_000 }, (_, n) => `item ${(n * n) % 97}`)], 1],
    ['three users with four events', [0, 1, 2].map((user) => [0, 1, 2, 3].map((n) => `item ${user + n}`)), 3],
  ])(
    'ends with figures that are numbers, or without any, for %s',
    async (_, sequences, users) => {
      await log(sequences);
      const row = await train();
      expect(row).toMatchObject({ status: 'SUCCEEDED', errorCode: null });
      const model = await findModel(database.dataSource.manager, row.modelVersion ?? 0);
      expect(model?.metrics.testedUsers).toBe(users);
      for (const figure of Object.values(model?.metrics ?? {}).filter((value) => typeof value === 'object')) {
        expect(
          Object.values(figure as object)
            .flat()
            .every(Number.isFinite),
        ).toBe(true);
      }
      for (const { validationNdcgAt10: figure } of row.epochs)
        expect(figure === null || Number.isFinite(figure)).toBe(true);
    },
    180_000,
  );

  it('learns a planted pattern, beats popularity and serves it', async () => {
    // ten rings of eight items: each user walks round one ring, from a place of his own, so that every item is equally popular
    const sequences = Array.from({ length: 300 }, (_, user) =>
      Array.from({ length: 7 }, (_, n) => `item ${(user % 10) * 8 + ((Math.floor(user / 10) + n) % 8)}`),
    );
    await log(sequences);
    await database.dataSource.query(
      `INSERT INTO item (id, title, categories, properties, vector, change_number)
       SELECT 'item ' || n, 'Part of', ARRAY['ring ' || n / 8], jsonb_build_object('description', 'ring' || n / 8),
              array_fill(0::real, ARRAY[n / 8]) || 2::real || array_fill(0::real, ARRAY[9 - n / 8]), 1
         FROM generate_series(0, 79) AS n`,
    );
    const row = await train();
    expect(row).toMatchObject({ status: 'SUCCEEDED', result: { promoted: true } });
    expect(row.epochs.length).toBeGreaterThan(0);
    const model = await findModel(database.dataSource.manager, row.modelVersion ?? 0);
    expect(model?.dimensions).toMatchObject({ items: 80, attributes: 10 });
    expect(model?.metrics.model?.ndcgAt10).toBeGreaterThan(2 * (model?.metrics.popularity?.ndcgAt10 ?? 1));

    // what serves is what was trained: one item before the ring closes, the missing one is the best
    const network = live.current()?.network;
    const hits = sequences.filter((items) => {
      const rows = items.map((id) => network?.vocabulary.rowOf(id) ?? 0);
      const scores = network?.scores(network.trace(rows).state) ?? new Float32Array();
      const unseen = [...scores.keys()].filter((index) => !rows.includes(index + 1));
      const best = unseen.reduce((one, other) => ((scores[other] ?? 0) > (scores[one] ?? 0) ? other : one));
      const ring = (id: string | undefined): number => Math.floor(Number(id?.slice(5)) / 8);
      return ring(network?.vocabulary.idOf(best + 1)) === ring(items[0]);
    });
    expect(hits.length / sequences.length).toBeGreaterThan(0.9);

    // and an item that it never saw stands in the ring that its categories, words and vector tell
    if (network === undefined) throw new Error('nothing serves');
    const map = contentMapOf(network.checkpoint);
    expect(network.checkpoint.content).toMatchObject({
      words: expect.arrayContaining(['part', 'ring3']),
      vectorLength: 10,
    });
    for (const ring of [0, 3, 9]) {
      const walked = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => network.vocabulary.rowOf(`item ${ring * 8 + n}`));
      const u = network.query(network.trace(walked).state);
      const scores = Array.from({ length: 10 }, (_, other) => {
        const vector = Array.from({ length: 10 }, (_, at) => (at === other ? 1 : 0));
        const placed = map?.place({ categories: [`ring ${other}`], text: `Part of ring${other}`, vector });
        return placed?.vector.reduce((sum, value, at) => sum + value * (u[at] ?? 0), placed.bias) ?? NaN;
      });
      expect(Math.max(...scores)).toBe(scores[ring]);
    }
  }, 180_000);

  it('starts from the model that serves, in half of the epochs, and knows the items and users that came since', async () => {
    const walk = (users: number, rings: number, from: number) =>
      Array.from({ length: users }, (_, user) =>
        Array.from({ length: 7 }, (_, n) => `item ${(user % rings) * 8 + ((Math.floor(user / rings) + n + from) % 8)}`),
      );
    await log(walk(1_000, 10, 0));
    const before = await train();
    await database.dataSource.query('TRUNCATE interaction');
    await log([...walk(1_000, 10, 0), ...walk(240, 12, 1)]); //  two rings and 240 users more
    const row = await train(true);
    expect(row).toMatchObject({
      status: 'SUCCEEDED',
      warmStart: true,
      result: { promoted: true, warmStart: { modelVersion: before.modelVersion, refused: null } },
    });
    expect(row.epochs.length).toBeLessThanOrEqual(6); //         of the setting's 12
    // of the new users 40 walk round the new rings: without an answer to one of them it would be 1200 / 1240 at most
    expect(Math.max(...row.epochs.map((epoch) => epoch.validationNdcgAt10 ?? 0))).toBeGreaterThan(1_200 / 1_240);
    const model = await findModel(database.dataSource.manager, row.modelVersion ?? 0);
    expect(model).toMatchObject({
      dimensions: { items: 96 },
      hyperparameters: { epochs: 6 },
      dataWindow: { users: 1_240 },
    });
    expect(live.current()?.network.vocabulary.rowOf('item 95')).toBeGreaterThan(0);
    const scratch = await train(false);
    expect(scratch).toMatchObject({ status: 'SUCCEEDED', warmStart: false, result: { warmStart: null } });
    expect(row.epochs[0]?.loss).toBeLessThan(0.95 * (scratch.epochs[0]?.loss ?? 0));
  }, 180_000);

  it('starts from scratch, with all epochs, where the model that serves has other sizes', async () => {
    const items = Array.from({ length: 8 }, (_, n) => `item ${n}`);
    await log(Array.from({ length: 50 }, (_, user) => items.map((_, n) => `item ${(user + n) % 8}`)));
    const { manager } = database.dataSource;
    await setLiveModel(manager, await storeCheckpoint(database.dataSource, randomCheckpoint(items, { width: 4 })));
    const row = await train(true);
    const refused = expect.stringContaining('width of it is 4, of this training 64');
    expect(row).toMatchObject({ status: 'SUCCEEDED', warmStart: true, result: { warmStart: { refused } } });
    expect(await findModel(manager, row.modelVersion ?? 0)).toMatchObject({ hyperparameters: { epochs: 12 } });
  }, 180_000);
});
