/** Trainers that are stopped in the middle of a run: the program itself with TensorFlow, as a container starts it. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findModel } from '../../src/storage/model.store.js';
import type { TrainingRunEntity } from '../../src/storage/training-run.entity.js';
import { findRun } from '../../src/storage/training-run.store.js';
import { createLogger } from '../../src/telemetry.js';
import { trainingQueue, TrainingQueue } from '../../src/training/training-queue.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { startProgram } from '../program.js';
import { until } from '../service.js';

const schema = 'resumed_run_spec';
const timeoutMs = 420_000;

describe('a run whose trainer goes away', () => {
  let database: FreshDatabase;
  let queue: TrainingQueue;
  let curves: string;
  const trainers: ChildProcess[] = [];
  beforeAll(async () => {
    database = await freshDatabase(schema);
    queue = new TrainingQueue(database.config, createLogger(database.config), database.dataSource);
    await queue.onModuleInit();
    curves = await mkdtemp(join(tmpdir(), 'recollect-curves-spec-'));
    // forty rings of eight items, each user walks round one
    await database.dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT 'user ' || u, n::text, 'item ' || (u % 40) * 8 + (u / 40 + n) % 8, 'view', '2026-01-01'::timestamptz + n * interval '1 minute'
       FROM generate_series(0, 1999) AS u, generate_series(0, 6) AS n`,
    );
  });
  beforeEach(async () => {
    await queue.boss.deleteAllJobs(trainingQueue);
  });
  afterEach(async () => {
    for (const trainer of trainers.splice(0)) await end(trainer, 'SIGKILL');
    await database.dataSource.query('DELETE FROM training_run');
  });
  afterAll(async () => {
    await queue.onApplicationShutdown();
    await database.drop();
    await rm(curves, { recursive: true });
  });

  const start = async () => {
    const { child, output } = await startProgram(schema, {
      RECOLLECT_ROLE: 'train',
      RECOLLECT_TRAIN_THREADS: '1',
      RECOLLECT_TRAIN_EPOCHS: '12',
      RECOLLECT_TRAIN_CRON: '',
      RECOLLECT_TRAIN_CURVES_FOLDER: curves,
    });
    trainers.push(child);
    return { process: child, output };
  };
  const end = async (trainer: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (trainer.exitCode !== null || trainer.signalCode !== null) return;
    const ended = new Promise((done) => trainer.once('exit', done));
    trainer.kill(signal);
    await ended;
  };
  const read = async (id: string): Promise<TrainingRunEntity> => {
    const row = await findRun(database.dataSource.manager, id);
    if (row === null) throw new Error('the run is gone');
    return row;
  };
  const chunks = async (): Promise<number> => {
    const [row] = await database.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM training_checkpoint',
    );
    return row?.count ?? 0;
  };
  /** A run of which this many epochs are over and a state is stored. */
  const underWay = async (epochs: number) => {
    const trainer = await start();
    const { run } = await queue.startTraining({ cause: 'MUTATION', reason: null, idempotencyKey: null });
    await until(async () => (await read(run.id)).epochs.length >= epochs && (await chunks()) > 0, 180_000);
    return { ...trainer, id: run.id };
  };
  /** What an operator does not wait for: the minute until a run without heartbeats is taken back. */
  const foundSilent = async (id: string): Promise<void> => {
    await database.dataSource.query(
      `UPDATE training_run SET heartbeat_at = now() - interval '61 seconds' WHERE id = $1`,
      [id],
    );
    await queue.recover();
  };
  const ended = async (id: string): Promise<TrainingRunEntity> => {
    await until(async () => !['QUEUED', 'RUNNING'].includes((await read(id)).status), 240_000);
    return read(id);
  };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

  it(
    'goes on after the last stored epoch when the trainer is killed, on the same log, and ends with a model',
    async () => {
      const { id, process: killed } = await underWay(2);
      await end(killed, 'SIGKILL');
      const before = await read(id);
      expect(before.status).toBe('RUNNING');
      await database.dataSource.query(
        `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at) VALUES ('late', '1', 'item 1', 'view', now())`,
      );
      await foundSilent(id);
      const { output } = await start();
      const row = await ended(id);
      expect(row).toMatchObject({ status: 'SUCCEEDED', attempt: 2, errorCode: null, cut: before.cut });
      expect(output()).toContain('a training goes on where it was interrupted');
      expect(row.epochs.map(({ epoch }) => epoch)).toEqual(numbers(row.epochs.length));
      expect(row.epochs.length).toBeGreaterThan(2);
      expect(row.epochs[0]).toEqual(before.epochs[0]); //       its seconds too: it was not done again
      const model = await findModel(database.dataSource.manager, row.modelVersion ?? 0);
      expect(model?.dataWindow).toMatchObject({ lastArrival: before.cut, interactions: 14_000 });
      expect(await chunks()).toBe(0);
      expect(await readdir(join(curves, id))).toHaveLength(2);
    },
    timeoutMs,
  );

  it(
    'keeps the newest state when the trainer is stopped in order',
    async () => {
      const { id, process: stopped } = await underWay(3);
      await end(stopped, 'SIGTERM');
      const before = await read(id);
      expect(before.status).toBe('QUEUED');
      await start();
      const row = await ended(id);
      expect(row).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
      expect(row.epochs.slice(0, 2)).toEqual(before.epochs.slice(0, 2));
      expect(row.epochs.map(({ epoch }) => epoch)).toEqual(numbers(row.epochs.length));
    },
    timeoutMs,
  );

  it(
    'starts anew and says so when the state is damaged',
    async () => {
      const { id, process: killed } = await underWay(1);
      await end(killed, 'SIGKILL');
      const before = await read(id);
      await database.dataSource.query('UPDATE training_checkpoint SET bytes = substr(bytes, 1, 1000) WHERE number = 0');
      await foundSilent(id);
      const { output } = await start();
      const row = await ended(id);
      expect(row).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
      expect(output()).toContain(
        'the training state is not used: it is damaged or truncated; the training starts anew',
      );
      expect(row.epochs[0]?.seconds).not.toBe(before.epochs[0]?.seconds);
      expect(row.epochs.map(({ epoch }) => epoch)).toEqual(numbers(row.epochs.length));
    },
    timeoutMs,
  );

  it(
    'leaves no state when it is cancelled',
    async () => {
      const { id, output } = await underWay(1);
      await queue.cancelTraining(id);
      expect(await chunks()).toBe(0);
      await until(async () => output().includes('a training run was taken from this trainer'), 30_000);
      expect(await read(id)).toMatchObject({ status: 'CANCELLED' });
      expect(await chunks()).toBe(0);
    },
    timeoutMs,
  );
});
