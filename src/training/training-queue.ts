/**
 * The queue of training runs: a row of `training_run` and a pg-boss job, created in one transaction.
 *
 * The row is the truth, the job only carries it to a trainer. One run at a time: a partial unique index lets one row be queued
 * or running, and the queue's policy lets one job be active. A trainer that dies leaves its row without heartbeats: `recover`
 * takes the run back, queues it once more and removes the dead job, so that neither blocks the next trigger.
 */
import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PgBoss, type JobStates } from 'pg-boss';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Claim } from '../storage/training-claim.store.js';
import type { TrainingCause, TrainingRunEntity } from '../storage/training-run.entity.js';
import { cancelRun, findActiveRun, findRun, findRunByKey, insertRun, loseRuns } from '../storage/training-run.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { jobDatabase, jobDatabaseOf } from './job-database.js';

export const trainingQueue = 'training';

export interface TrainingJobData {
  readonly runId: string;
}

export interface StartTraining {
  readonly reason: string | null;
  readonly idempotencyKey: string | null;
  /** whether to start from the live model's weights; null or absent: the setting decides */
  readonly warmStart?: boolean | null;
  readonly cause: TrainingCause;
}

/** A run is tried this often before it is given up as lost. */
export const attempts = 2;
const manyAttempts = 1_000_000;
/** A run without a heartbeat for longer has lost its trainer. */
const silentSeconds = 60;

@Injectable()
export class TrainingQueue implements OnModuleInit, OnApplicationShutdown {
  readonly boss: PgBoss;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
  ) {
    const trains = config.role === 'train' || config.role === 'all';
    this.boss = new PgBoss({
      db: jobDatabase(dataSource),
      schema: `${config.databaseSchema}_job`,
      supervise: trains,
      schedule: trains,
    });
    this.boss.on('error', (error) => {
      logError(this.logger, error, 'the job queue failed at something and will try it again');
    });
    this.boss.on('warning', ({ message }) => {
      this.logger.warn({ reason: message }, 'the job queue warns');
    });
  }

  async onModuleInit(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(trainingQueue, {
      policy: 'singleton',
      retryLimit: 0,
      expireInSeconds: 24 * 3_600,
      heartbeatSeconds: silentSeconds,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.boss.stop({ timeout: this.config.shutdownTimeoutMs });
  }

  /** Queues a run, or returns the one that is queued or runs, or the one that this idempotency key started. */
  async startTraining(request: StartTraining): Promise<{ run: TrainingRunEntity; created: boolean }> {
    for (;;) {
      const started = await this.dataSource.transaction(async (tx) => this.findOrQueue(tx, request));
      if (started !== null) return started;
    }
  }

  /** Null: the run that was in the way ended just now. */
  private async findOrQueue(
    tx: EntityManager,
    request: StartTraining,
  ): Promise<{ run: TrainingRunEntity; created: boolean } | null> {
    await this.takeBackSilent(tx);
    const created = await insertRun(tx, request);
    if (created !== null) {
      await this.send(tx, created);
      return { run: created, created: true };
    }
    const same = request.idempotencyKey === null ? null : await findRunByKey(tx, request.idempotencyKey);
    if (same !== null && (same.reason !== request.reason || same.warmStart !== (request.warmStart ?? null))) {
      throw new RecollectError(
        'IDEMPOTENCY_CONFLICT',
        `the idempotency key started run ${same.id} with another reason or warm start; take a new key for a new run`,
        { field: 'idempotencyKey' },
      );
    }
    const run = same ?? (await findActiveRun(tx));
    return run === null ? null : { run, created: false };
  }

  /** Ends a run that is queued or runs; its trainer notices within seconds. Null: there is no such run. */
  async cancelTraining(id: string): Promise<TrainingRunEntity | null> {
    return this.dataSource.transaction(async (tx) => {
      const before = await findRun(tx, id);
      if (before?.status === 'QUEUED') await this.remove(tx, id, before.attempt);
      await cancelRun(tx, id);
      return findRun(tx, id);
    });
  }

  /** Takes back what dead trainers left, and sends a job again for a queued run that has none. */
  async recover(): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await this.takeBackSilent(tx);
      const run = await findActiveRun(tx);
      if (run?.status !== 'QUEUED') return;
      const [job] = await this.boss.findJobs(trainingQueue, {
        id: jobId(run.id, run.attempt),
        db: jobDatabaseOf(tx),
      });
      if (job === undefined || !isAlive(job.state)) await this.send(tx, run);
    });
  }

  /** Gives a run back, so that the next trainer takes it at once. Where its trainer was stopped in order nothing had failed. */
  async giveBack(claim: Claim, why: 'stopped' | 'failed'): Promise<void> {
    const limit = why === 'stopped' ? manyAttempts : attempts;
    await this.dataSource.transaction(async (tx) => this.requeue(tx, await loseRuns(tx, { claim }, limit)));
  }

  private async takeBackSilent(tx: EntityManager): Promise<void> {
    await this.requeue(tx, await loseRuns(tx, { silentSeconds }, attempts));
  }

  private async requeue(tx: EntityManager, lost: Awaited<ReturnType<typeof loseRuns>>): Promise<void> {
    for (const { id, status, owner } of lost) {
      this.logger.warn({ code: 'LOST', runId: id, owner, status }, 'a training run lost its trainer');
      const run = await findRun(tx, id);
      if (run === null) continue;
      await this.remove(tx, id, run.attempt - 1);
      if (status === 'QUEUED') await this.send(tx, run);
    }
  }

  private async send(tx: EntityManager, { id, attempt }: TrainingRunEntity): Promise<void> {
    await this.remove(tx, id, attempt);
    const data: TrainingJobData = { runId: id };
    await this.boss.send(trainingQueue, data, { id: jobId(id, attempt), db: jobDatabaseOf(tx) });
  }

  private async remove(tx: EntityManager, id: string, attempt: number): Promise<void> {
    await this.boss.deleteJob(trainingQueue, jobId(id, attempt), { db: jobDatabaseOf(tx) });
  }
}

/** The job of a run's n-th attempt: a new attempt is a new job, so that a worker that wakes up late can't end it. */
function jobId(runId: string, attempt: number): string {
  const hex = createHash('sha256').update(`${runId} ${attempt}`).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isAlive(state: JobStates[keyof JobStates]): boolean {
  return state === 'created' || state === 'retry' || state === 'active';
}
