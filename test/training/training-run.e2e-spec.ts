import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config.js';
import { encodeCheckpoint } from '../../src/model/checkpoint.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { findLiveModel, findModel } from '../../src/storage/model.store.js';
import type { TrainingRunEntity } from '../../src/storage/training-run.entity.js';
import { findRun } from '../../src/storage/training-run.store.js';
import { createLogger } from '../../src/telemetry.js';
import { defaultHyperparameters, recipeFor, type Hyperparameters } from '../../src/training/hyperparameters.js';
import { trainingQueue, TrainingQueue } from '../../src/training/training-queue.js';
import { TrainingRun } from '../../src/training/training-run.js';
import { TrainingWorker } from '../../src/training/training-worker.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint } from '../random-checkpoint.js';

const items = Array.from({ length: 12 }, (_, n) => `item ${n}`);
const schema = 'training_run_spec';

/** Children of these tests are real processes that only pretend to train. */
const killedPid = 99_999_999;

describe('a training run', () => {
  let database: FreshDatabase;
  let queue: TrainingQueue;
  let folder: string;
  let children = 0;
  beforeAll(async () => {
    database = await freshDatabase(schema, { RECOLLECT_TRAIN_TIMEOUT_MS: '20000' });
    queue = new TrainingQueue(database.config, createLogger(database.config), database.dataSource);
    await queue.onModuleInit();
    folder = await mkdtemp(join(tmpdir(), 'recollect-run-spec-'));
    await writeFile(join(folder, 'good'), encodeCheckpoint(randomCheckpoint(items)));
    await writeFile(join(folder, 'damaged'), encodeCheckpoint(randomCheckpoint(items)).subarray(0, 5_000));
  });
  beforeEach(async () => {
    await database.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT 'user ' || n % 8, n::text, 'item ' || n % 12, 'view', '2026-01-01'::timestamptz + n * interval '1 minute'
       FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING`,
    );
  });
  afterEach(async () => {
    await database.dataSource.query('DELETE FROM training_run');
    await database.dataSource.query('DELETE FROM live_model');
    await database.dataSource.query('DELETE FROM model');
    await queue.boss.deleteAllJobs(trainingQueue);
  });
  afterAll(async () => {
    await queue.onApplicationShutdown();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const result = (test: { readonly model: number; readonly popularity: number }): string => {
    const quality = (ndcgAt10: number) => ({ hrAt10: 0.5, ndcgAt10 });
    return JSON.stringify({
      bestEpoch: 2,
      test: { users: 8, model: quality(test.model), popularity: quality(test.popularity) },
      hyperparameters: { ...defaultHyperparameters, seed: 7 },
      device: 'cpu',
    });
  };
  /** A child that tells of two epochs, leaves a checkpoint and these figures. */
  const trains = (checkpoint: string, figures = { model: 0.3, popularity: 0.1 }): string => `
    const { copyFile } = await import('node:fs/promises');
    const { job } = message;
    for (const epoch of [1, 2]) {
      process.send({ type: 'progress', progress: { phase: 'TRAINING', epoch, epochs: 2, step: 1, steps: 1, loss: 0.5, secondsLeft: 0 } });
      process.send({ type: 'epoch', figures: { epoch, loss: 0.5, validationHrAt10: 0.1, validationNdcgAt10: 0.1, learningRate: 0.001, seconds: 1 } });
    }
    await copyFile(${JSON.stringify(join(folder, checkpoint))}, job.outputFile);
    process.send({ type: 'done', result: { ...${result(figures)}, checkpointPath: job.outputFile } }, () => process.exit(0));
  `;
  /** A child that never ends, nor stops; it leaves its pid and the folder of its job. */
  const hangs = (): string => `
    if (message.type === 'cancel') return;
    const { writeFile } = await import('node:fs/promises');
    await writeFile(${JSON.stringify(join(folder, 'hanging'))}, JSON.stringify({ pid: process.pid, file: message.job.inputFile }));
    setInterval(() => undefined, 1_000);
  `;
  const hanging = async (): Promise<{ readonly pid: number; readonly file: string }> => {
    for (;;) {
      const text = await readFile(join(folder, 'hanging'), 'utf8').catch(() => '');
      if (text.endsWith('}')) {
        await rm(join(folder, 'hanging'));
        return JSON.parse(text) as { pid: number; file: string };
      }
      await sleep(50);
    }
  };
  const isRunning = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  const trainer = async (onMessage: string, settings: Partial<Config> = {}) => {
    const entry = join(folder, `${children++}.mjs`);
    await writeFile(entry, `process.on('message', async (message) => { ${onMessage} });`);
    const config = { ...database.config, ...settings };
    const logger = createLogger(config);
    const live = new LiveModel(config, logger, database.dataSource);
    const promotion = new Promotion(config, logger, database.dataSource, live);
    return { live, run: new TrainingRun(config, logger, entry, database.dataSource, promotion, queue) };
  };
  const queued = async (warmStart: boolean | null = null): Promise<string> =>
    (await queue.startTraining({ cause: 'MUTATION', reason: null, idempotencyKey: null, warmStart })).run.id;
  const read = async (id: string): Promise<TrainingRunEntity> => {
    const row = await findRun(database.dataSource.manager, id);
    if (row === null) throw new Error('the run is gone');
    return row;
  };
  const until = async (id: string, status: string): Promise<TrainingRunEntity> => {
    for (;;) {
      const row = await read(id);
      if (row.status === status) return row;
      await sleep(50);
    }
  };
  /** of this process and of the one that was killed: other trainings of the machine have theirs */
  const leftFolders = async (): Promise<readonly string[]> =>
    (await readdir(tmpdir())).filter((name) =>
      [process.pid, killedPid].some((pid) => name.startsWith(`recollect-training-${pid}-`)),
    );
  const never = new AbortController().signal;

  it('stores what the child trained, promotes it, and leaves nothing behind', async () => {
    await mkdir(join(tmpdir(), `recollect-training-${killedPid}-killed`)); // of a process that was killed
    await mkdir(join(tmpdir(), `recollect-training-${process.pid}-killed`)); // of the container's start before, with the same pid
    const before = (await leftFolders()).filter((name) => !name.endsWith('killed'));
    const { run, live } = await trainer(trains('good'));
    const id = await queued();
    await run.run(id, never);
    const row = await read(id);
    expect(row).toMatchObject({
      status: 'SUCCEEDED',
      attempt: 1,
      errorCode: null,
      result: {
        promoted: true,
        reason: 'better than popularity: NDCG@10 0.3000 against 0.1000 of popularity, 8 users',
      },
    });
    expect(row.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    const version = row.modelVersion ?? 0;
    expect(await findModel(database.dataSource.manager, version)).toMatchObject({
      status: 'LIVE',
      seed: '7',
      hyperparameters: { bestEpoch: 2, device: 'cpu' },
      dimensions: { items: 12 },
      dataWindow: {
        interactions: 100,
        users: 8,
        items: 12,
        firstOccurredAt: '2026-01-01T00:01:00.000Z',
        lastOccurredAt: '2026-01-01T01:40:00.000Z',
      },
      metrics: { testedUsers: 8, popularity: { ndcgAt10: 0.1 } },
    });
    expect(live.current()).toMatchObject({ version });
    expect(await leftFolders()).toEqual(before);
  });

  it('holds the newest tenth of the log out where it is split by time, and keeps that with the model', async () => {
    const refuses = `if (message.job.split.kind !== 'time') throw new Error('split by ' + message.job.split.kind);`;
    const { run } = await trainer(`${refuses} ${trains('good')}`, { trainSplit: 'time' });
    const id = await queued();
    await run.run(id, never);
    const { modelVersion } = await read(id);
    expect(await findModel(database.dataSource.manager, modelVersion ?? 0)).toMatchObject({
      dataWindow: { trainedBefore: '2026-01-01T01:31:00.000Z', lastOccurredAt: '2026-01-01T01:40:00.000Z' },
    });
  });

  it.each(['removed', 'kept'] as const)('ranks with seen items %s, as it is set', async (seen) => {
    const refuses = `if (message.job.seen !== '${seen}') throw new Error('seen items are ' + message.job.seen);`;
    const { run } = await trainer(`${refuses} ${trains('good')}`, { trainSeen: seen });
    const id = await queued();
    await run.run(id, never);
    expect(await read(id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  describe('that starts warm', () => {
    /** A child that answers as `trains` does, and leaves what it was given to start from: a hash, or null. */
    const tells = (more = ''): string => `
      const { readFile, writeFile } = await import('node:fs/promises');
      const { createHash } = await import('node:crypto');
      const file = message.job.warmStart?.file;
      const sha256 = file === undefined ? null : createHash('sha256').update(await readFile(file)).digest('hex');
      await writeFile(${JSON.stringify(join(folder, 'given'))}, JSON.stringify(sha256));
      ${trains('good').replace("type: 'done', result: {", `type: 'done', result: { ${more}`)}`;
    const given = async (): Promise<unknown> => JSON.parse(await readFile(join(folder, 'given'), 'utf8')) as unknown;
    /** Runs to its end; the row and the model that came out of it. */
    const trained = async (child: string, warmStart: boolean | null, settings = {}) => {
      const { run } = await trainer(child, settings);
      const id = await queued(warmStart);
      await run.run(id, never);
      const row = await read(id);
      expect(row).toMatchObject({ status: 'SUCCEEDED' });
      const model = await findModel(database.dataSource.manager, row.modelVersion ?? 0);
      if (model === null) throw new Error('the model is gone');
      return { row, model };
    };

    it('gets the bytes of the model that serves, and the run and the new model name its version', async () => {
      const first = await trained(tells(), true);
      expect(await given()).toBeNull();
      expect(first.row.result).toMatchObject({ warmStart: { modelVersion: null, refused: 'no model serves yet' } });
      const second = await trained(tells(), true);
      expect(await given()).toBe(first.model.sha256);
      const warmStart = { modelVersion: first.model.version, refused: null };
      expect(second.row.result).toMatchObject({ promoted: true, warmStart });
      expect(second.model.hyperparameters).toMatchObject({ warmStart });
    });

    it('does what the setting says where it was not asked, and what it was asked for else', async () => {
      const { model, row } = await trained(tells(), null);
      expect(await given()).toBeNull();
      expect(row.result).toMatchObject({ warmStart: null });
      const { model: live } = await trained(tells(), false, { trainWarmStart: true });
      expect(await given()).toBeNull();
      expect(live.version).toBe(model.version + 1);
      await trained(tells(), null, { trainWarmStart: true });
      expect(await given()).toBe(live.sha256);
    });

    it('keeps why the weights did not fit', async () => {
      const { model: live } = await trained(tells(), true);
      const { row, model } = await trained(tells(`warmStartRefused: 'its width is 4',`), true);
      const warmStart = { modelVersion: live.version, refused: 'its width is 4' };
      expect(row.result).toMatchObject({ promoted: true, warmStart });
      expect(model.hyperparameters).toMatchObject({ warmStart });
    });

    it.each([
      ['damaged', `UPDATE model_chunk SET bytes = set_byte(bytes, 5000, get_byte(bytes, 5000) # 1)`, 'SHA-256'],
      ['cut off', `UPDATE model_chunk SET bytes = substring(bytes FOR 5000)`, '5000 bytes are stored'],
    ])('starts from scratch, and says why, where the weights that serve are %s', async (_, damage, reason) => {
      const { model: live } = await trained(tells(), true);
      await database.dataSource.query(damage);
      const { row } = await trained(tells(), true);
      expect(await given()).toBeNull();
      const warmStart = { modelVersion: live.version, refused: expect.stringContaining(reason) };
      expect(row.result).toMatchObject({ promoted: true, warmStart });
    });
  });

  it('trains by the recipe for a log of this size, with what the settings put in its place', async () => {
    const tells = `process.send({ type: 'failed', code: 'TRAINING_FAILED', message: JSON.stringify(message.job.hyperparameters) }, () => process.exit(0));`;
    const recipe = recipeFor({ events: 100, users: 8 });
    for (const [settings, expected] of [
      [{}, recipe],
      [
        { trainEpochs: 3, trainRecipe: { dropout: 0.1, slots: 8 } },
        { ...recipe, epochs: 3, dropout: 0.1, slots: 8 },
      ],
    ] as const) {
      const { run } = await trainer(tells, settings);
      const id = await queued();
      await run.run(id, never);
      expect(JSON.parse((await read(id)).errorMessage ?? '')).toEqual(expected);
    }
  });

  it('trains on the outcomes that the settings name, and keeps them with the model', async () => {
    const rules = [{ kind: 'view', atLeast: 30, weight: 2 }];
    const told = trains('good').replace('checkpointPath:', 'hyperparameters: job.hyperparameters, checkpointPath:');
    const { run } = await trainer(told, { trainOutcomes: { rules, kinds: true }, trainOutcomeStages: 'all' });
    const id = await queued();
    await run.run(id, never);
    const model = await findModel(database.dataSource.manager, (await read(id)).modelVersion ?? 0);
    const { outcomes, outcomesThroughout } = model?.hyperparameters as unknown as Hyperparameters;
    expect(outcomesThroughout).toBe(true);
    expect(outcomes.slice(0, 2)).toEqual([...rules, { kind: 'view', weight: 1 }]);
    expect(outcomes).toContainEqual({ kind: 'dislike', weight: -1 });
  });

  it('ends well without promoting what the gate refuses', async () => {
    const { run } = await trainer(trains('good', { model: 0.1, popularity: 0.1 }));
    const id = await queued();
    await run.run(id, never);
    const row = await read(id);
    expect(row).toMatchObject({
      status: 'SUCCEEDED',
      result: { promoted: false, reason: expect.stringContaining('not better than popularity') },
    });
    expect(await findModel(database.dataSource.manager, row.modelVersion ?? 0)).toMatchObject({ status: 'REJECTED' });
    expect(await findLiveModel(database.dataSource.manager)).toBeNull();
  });

  it('is skipped with the numbers when there is too little data, and the next one can start', async () => {
    const { run } = await trainer(
      `process.send({ type: 'failed', code: 'TRAINING_DATA_INSUFFICIENT', message: '1 user, needed 2' }, () => process.exit(0));`,
    );
    const id = await queued();
    await run.run(id, never);
    expect(await read(id)).toMatchObject({
      status: 'SKIPPED',
      errorCode: 'TRAINING_DATA_INSUFFICIENT',
      errorMessage: '1 user, needed 2',
    });
    expect(await queued()).not.toBe(id);
  });

  it('fails with the reason when the child dies', async () => {
    const { run } = await trainer(`process.kill(process.pid, 'SIGKILL');`);
    const id = await queued();
    await run.run(id, never);
    expect(await read(id)).toMatchObject({
      status: 'FAILED',
      errorCode: 'TRAINING_FAILED',
      errorMessage: expect.stringContaining('SIGKILL'),
      modelVersion: null,
    });
    expect(await queued()).not.toBe(id);
  });

  it('stores nothing of a checkpoint that could not serve', async () => {
    const { run } = await trainer(trains('damaged'));
    const id = await queued();
    await run.run(id, never);
    expect(await read(id)).toMatchObject({ status: 'FAILED', errorCode: 'CHECKPOINT_INVALID' });
    expect(await database.dataSource.query('SELECT version FROM model')).toEqual([]);
  });

  it('fails when it takes too long, and ends the child', async () => {
    const { run } = await trainer(hangs(), { trainTimeoutMs: 2_000 });
    const id = await queued();
    const running = run.run(id, never);
    const { pid } = await hanging();
    await running;
    expect(await read(id)).toMatchObject({ status: 'FAILED', errorCode: 'TRAINING_TIMEOUT' });
    expect(isRunning(pid)).toBe(false);
  });

  it('ends its child when it is cancelled, even one that does not listen', async () => {
    const { run } = await trainer(hangs());
    const id = await queued();
    const running = run.run(id, never);
    const { pid, file } = await hanging();
    await sleep(1_000);
    expect(await read(id)).toMatchObject({
      status: 'RUNNING',
      owner: expect.stringContaining(`:${process.pid}`),
      progress: { phase: 'TRAINING' },
    });
    await queue.cancelTraining(id);
    await running;
    expect(await read(id)).toMatchObject({ status: 'CANCELLED', errorCode: 'CANCELLED' });
    expect(isRunning(pid)).toBe(false);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('goes back to the queue when its trainer stops, and the next trainer ends it', async () => {
    const first = await trainer(hangs());
    const worker = new TrainingWorker(createLogger(database.config), queue, first.run);
    await worker.onModuleInit();
    const id = await queued();
    const { pid } = await hanging();
    await worker.onModuleDestroy();
    expect(isRunning(pid)).toBe(false);
    expect(await read(id)).toMatchObject({ status: 'QUEUED', attempt: 1, errorCode: 'LOST' });

    const second = await trainer(trains('good'));
    const next = new TrainingWorker(createLogger(database.config), queue, second.run);
    await next.onModuleInit();
    expect(await until(id, 'SUCCEEDED')).toMatchObject({ attempt: 2, errorCode: null });
    await next.onModuleDestroy();
  });

  it('goes back to the queue when the database was away for a moment', async () => {
    const { run } = await trainer(trains('good'));
    const id = await queued();
    await database.dataSource.query(`
      CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'terminating connection' USING ERRCODE = '57P01'; END $$;
      CREATE TRIGGER go_away BEFORE INSERT ON model FOR EACH ROW EXECUTE FUNCTION go_away()`);
    await run.run(id, never);
    await database.dataSource.query('DROP FUNCTION go_away CASCADE');
    expect(await read(id)).toMatchObject({ status: 'QUEUED', attempt: 1, errorCode: 'LOST', modelVersion: null });
    await run.run(id, never);
    expect(await read(id)).toMatchObject({ status: 'SUCCEEDED', attempt: 2, errorCode: null });
  });

  it('goes on at the gate when an earlier attempt has stored its model', async () => {
    const first = await trainer(trains('good'));
    const id = await queued();
    await first.run.run(id, never);
    const { modelVersion } = await read(id);
    await database.dataSource.query('DELETE FROM live_model');
    await database.dataSource.query(`UPDATE model SET status = 'CANDIDATE'`);
    await database.dataSource.query(`UPDATE training_run SET status = 'QUEUED'`);

    const second = await trainer(`process.exit(1);`);
    await second.run.run(id, never);
    expect(await read(id)).toMatchObject({ status: 'SUCCEEDED', modelVersion, attempt: 2 });
    expect(await findLiveModel(database.dataSource.manager)).toMatchObject({ version: modelVersion });
  });
});
