import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/storage/data-source.js';
import { claimRun } from '../../src/storage/training-claim.store.js';
import { findRun, finishRun, saveProgress } from '../../src/storage/training-run.store.js';
import { createLogger } from '../../src/telemetry.js';
import { trainingQueue, TrainingQueue, type StartTraining } from '../../src/training/training-queue.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

const request = (over: Partial<StartTraining> = {}): StartTraining => ({
  reason: null,
  idempotencyKey: null,
  cause: 'MUTATION',
  ...over,
});
const succeeded = {
  status: 'SUCCEEDED',
  result: null,
  modelVersion: null,
  errorCode: null,
  errorMessage: null,
} as const;

describe('the training queue', () => {
  let database: FreshDatabase;
  let queue: TrainingQueue;
  beforeAll(async () => {
    database = await freshDatabase('training_queue_spec', { DATABASE_POOL_SIZE: '5' });
    queue = new TrainingQueue(database.config, createLogger(database.config), database.dataSource);
    await queue.onModuleInit();
  });
  afterEach(async () => {
    await database.dataSource.query('DELETE FROM training_run');
    await queue.boss.deleteAllJobs(trainingQueue);
  });
  afterAll(async () => {
    await queue.onApplicationShutdown();
    await database.drop();
  });

  const jobs = async (): Promise<readonly string[]> =>
    (await queue.boss.findJobs(trainingQueue)).map(({ state }) => state).sort();
  const age = async (id: string, seconds: number): Promise<void> => {
    await database.dataSource.query(
      `UPDATE training_run SET heartbeat_at = now() - $2 * interval '1 second' WHERE id = $1`,
      [id, seconds],
    );
  };
  /** A trainer takes the job and the run, and is then silent. */
  const takenByOther = async (dataSource: DataSource, id: string) => {
    await queue.boss.fetch(trainingQueue);
    const claim = await claimRun(dataSource.manager, id, 'elsewhere:1');
    if (claim === null) throw new Error('the run was not queued');
    return claim;
  };

  it('makes the row and the job together', async () => {
    const { run, created } = await queue.startTraining(request({ reason: 'first data' }));
    expect(created).toBe(true);
    expect(run).toMatchObject({ status: 'QUEUED', cause: 'MUTATION', reason: 'first data', attempt: 0 });
    expect(await jobs()).toEqual(['created']);
  });

  it('makes one run of twenty requests at once, over two processes', async () => {
    const other = await createDataSource(database.config).initialize();
    const second = new TrainingQueue(database.config, createLogger(database.config), other);
    await second.onModuleInit();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => (n % 2 === 0 ? queue : second).startTraining(request())),
    );
    await second.onApplicationShutdown();
    await other.destroy();
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await jobs()).toEqual(['created']);
  });

  it('returns the run that an idempotency key started, also after it ended', async () => {
    const key = request({ idempotencyKey: 'k1', reason: 'a' });
    const { run } = await queue.startTraining(key);
    expect(await queue.startTraining(key)).toMatchObject({ run: { id: run.id }, created: false });
    const claim = await claimRun(database.dataSource.manager, run.id, 'here:1');
    if (claim === null) throw new Error('the run was not queued');
    await finishRun(database.dataSource.manager, claim, succeeded);
    expect(await queue.startTraining(key)).toMatchObject({
      run: { id: run.id, status: 'SUCCEEDED' },
      created: false,
    });
  });

  it('refuses an idempotency key that comes with another reason', async () => {
    await queue.startTraining(request({ idempotencyKey: 'k1', reason: 'a' }));
    await expect(queue.startTraining(request({ idempotencyKey: 'k1', reason: 'b' }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  it('refuses an idempotency key that comes with another warm start', async () => {
    const key = request({ idempotencyKey: 'k1', warmStart: true });
    const { run } = await queue.startTraining(key);
    expect(run.warmStart).toBe(true);
    expect(await queue.startTraining(key)).toMatchObject({ run: { id: run.id }, created: false });
    for (const warmStart of [false, null]) {
      await expect(queue.startTraining({ ...key, warmStart })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    }
  });

  it('gives a new key the run that is under way', async () => {
    const { run } = await queue.startTraining(request({ idempotencyKey: 'k1' }));
    expect(await queue.startTraining(request({ idempotencyKey: 'k2', reason: 'other' }))).toMatchObject({
      run: { id: run.id },
      created: false,
    });
  });

  it('queues a run again whose trainer is silent, and a second silence ends it as lost', async () => {
    const { run } = await queue.startTraining(request());
    const claim = await takenByOther(database.dataSource, run.id);
    await age(run.id, 50);
    await queue.recover();
    expect(await findRun(database.dataSource.manager, run.id)).toMatchObject({ status: 'RUNNING', attempt: 1 });

    await age(run.id, 61);
    await queue.recover();
    expect(await findRun(database.dataSource.manager, run.id)).toMatchObject({ status: 'QUEUED', errorCode: 'LOST' });
    expect(await jobs()).toEqual(['created']);
    const news = { progress: null, epochs: [] };
    expect(await saveProgress(database.dataSource.manager, claim, news)).toBe(false);
    expect(await finishRun(database.dataSource.manager, claim, succeeded)).toBe(false);

    await takenByOther(database.dataSource, run.id);
    await age(run.id, 61);
    await queue.recover();
    expect(await findRun(database.dataSource.manager, run.id)).toMatchObject({
      status: 'FAILED',
      errorCode: 'LOST',
      attempt: 2,
      errorMessage: 'attempt 2: the trainer elsewhere:1 stopped; given up',
    });
    expect(await jobs()).toEqual([]);
  });

  it('does not let a dead run block the next trigger', async () => {
    const { run } = await queue.startTraining(request());
    await takenByOther(database.dataSource, run.id);
    await age(run.id, 61);
    expect(await queue.startTraining(request())).toMatchObject({ run: { id: run.id, status: 'QUEUED' } });
    await takenByOther(database.dataSource, run.id);
    await age(run.id, 61);
    const next = await queue.startTraining(request());
    expect(next.created).toBe(true);
    expect(next.run.id).not.toBe(run.id);
    expect(await queue.boss.fetch(trainingQueue)).toMatchObject([{ data: { runId: next.run.id } }]);
  });

  it('sends a job again for a queued run whose job is gone', async () => {
    const { run } = await queue.startTraining(request());
    await queue.boss.deleteAllJobs(trainingQueue);
    await queue.recover();
    expect(await queue.boss.fetch(trainingQueue)).toMatchObject([{ data: { runId: run.id } }]);
    await queue.recover();
    expect(await jobs()).toEqual(['active']);
  });

  it('gives a run back at once when its trainer stops', async () => {
    const { run } = await queue.startTraining(request());
    for (const attempt of [1, 2, 3]) {
      await queue.giveBack(await takenByOther(database.dataSource, run.id), 'stopped'); // as often as it is redeployed
      expect(await findRun(database.dataSource.manager, run.id)).toMatchObject({ status: 'QUEUED', attempt });
      expect(await jobs()).toEqual(['created']);
    }
  });

  it('gives a run up whose trainer failed at it twice', async () => {
    const { run } = await queue.startTraining(request());
    await queue.giveBack(await takenByOther(database.dataSource, run.id), 'failed');
    await queue.giveBack(await takenByOther(database.dataSource, run.id), 'failed');
    expect(await findRun(database.dataSource.manager, run.id)).toMatchObject({ status: 'FAILED', errorCode: 'LOST' });
  });

  it('cancels a queued run with its job, and a running one by taking its row', async () => {
    const queued = await queue.startTraining(request());
    expect(await queue.cancelTraining(queued.run.id)).toMatchObject({ status: 'CANCELLED' });
    expect(await jobs()).toEqual([]);

    const { run } = await queue.startTraining(request());
    const claim = await takenByOther(database.dataSource, run.id);
    expect(await queue.cancelTraining(run.id)).toMatchObject({ status: 'CANCELLED' });
    expect(await saveProgress(database.dataSource.manager, claim, { progress: null, epochs: [] })).toBe(false);
    expect(await queue.cancelTraining(run.id)).toMatchObject({ status: 'CANCELLED' });
  });
});
