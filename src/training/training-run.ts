/**
 * One training run, start to end:
 *
 *   claim -> snapshot of the log -> file -> child process trains -> weights and figures stored -> gate -> promotion
 *
 * The row tells where it is. It ends SUCCEEDED (promoted or refused by the gate, with the reason), SKIPPED (too little data),
 * FAILED (with code and reason) or CANCELLED, and never by an exception. A run whose process stops goes back to the queue;
 * a second attempt that finds the first one's model stored goes on at the gate, one that finds its training state goes on there.
 */
import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { messageOf, RecollectError } from '../errors.js';
import { verdict } from '../promotion/gate.js';
import { Promotion } from '../promotion/promotion.js';
import { findModel } from '../storage/model.store.js';
import { claimRun, type Claim } from '../storage/training-claim.store.js';
import { finishRun, type Outcome } from '../storage/training-run.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { isOfDatabase, trainVersion } from './trained-version.js';
import { RunReport } from './run-report.js';
import { TrainingQueue } from './training-queue.js';

/** The token of the module that the child process runs. */
export const TRAINER_ENTRY = Symbol('trainer entry');

@Injectable()
export class TrainingRun {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRAINER_ENTRY) private readonly entry: string,
    private readonly dataSource: DataSource,
    private readonly promotion: Promotion,
    private readonly queue: TrainingQueue,
  ) {}

  /** Resolves when the run has ended or is given back. `stopping` is aborted when this process stops. */
  async run(runId: string, stopping: AbortSignal): Promise<void> {
    const owner = `${hostname()}:${process.pid}`;
    const claim = await claimRun(this.dataSource.manager, runId, owner);
    if (claim === null) return; // cancelled, or another trainer has it
    const report = new RunReport(this.dataSource.manager, claim, this.logger);
    const timeout = AbortSignal.timeout(this.config.trainTimeoutMs);
    const signal = AbortSignal.any([stopping, report.gone, timeout]);
    this.logger.info({ runId, attempt: claim.attempt }, 'a training run begins');
    try {
      const version = claim.modelVersion ?? (await this.train(claim, report, signal));
      await this.judge(claim, version, report, signal);
    } catch (error) {
      await report.close();
      if (report.gone.aborted) this.logger.info({ runId }, 'a training run was taken from this trainer');
      else if (stopping.aborted) await this.queue.giveBack(claim, 'stopped');
      else if (isOfDatabase(error)) await this.giveBack(claim, error);
      else await this.fail(claim, timeout.aborted ? tooLong(this.config.trainTimeoutMs) : error);
    } finally {
      await report.close();
    }
  }

  private async train(claim: Claim, report: RunReport, signal: AbortSignal): Promise<number> {
    const { config, logger, dataSource, entry } = this;
    return trainVersion({ config, logger, dataSource, entry, claim, report, signal });
  }

  /** The gate, and the promotion of who passes it: the run succeeds in the transaction that switches the model. */
  private async judge(claim: Claim, version: number, report: RunReport, signal: AbortSignal): Promise<void> {
    const model = await findModel(this.dataSource.manager, version);
    if (model === null) throw new RecollectError('NOT_FOUND', `model ${version} of this run is gone; train again`);
    const { promote, reason } = verdict(model.metrics);
    const outcome: Outcome = {
      status: 'SUCCEEDED',
      result: { promoted: promote, reason, warmStart: model.hyperparameters.warmStart ?? null },
      modelVersion: version,
      errorCode: null,
      errorMessage: null,
    };
    const alongside = async (tx: EntityManager): Promise<void> => {
      if (!(await finishRun(tx, claim, outcome))) throw new RecollectError('CANCELLED', 'the run was cancelled');
    };
    if (promote) {
      const onProgress = (phase: 'REBUILDING' | 'SWITCHING', users: number, total: number): void => {
        report.tellPhase(phase, users, total);
      };
      await this.promotion.promote(version, { signal, onProgress, alongside });
    } else {
      await this.promotion.reject(version, alongside);
    }
    this.logger.info({ runId: claim.id, modelVersion: version, promoted: promote, reason }, 'a training run ended');
  }

  /** The next attempt goes on where this one could not. While the database is away the run waits to be found silent. */
  private async giveBack(claim: Claim, error: unknown): Promise<void> {
    logError(this.logger, error, `training run ${claim.id} lost the database and goes back to the queue`);
    await this.queue.giveBack(claim, 'failed');
  }

  private async fail(claim: Claim, error: unknown): Promise<void> {
    const code = error instanceof RecollectError ? error.code : 'INTERNAL';
    const status = code === 'TRAINING_DATA_INSUFFICIENT' ? 'SKIPPED' : 'FAILED';
    logError(this.logger, error, `training run ${claim.id} is ${status}`);
    await finishRun(this.dataSource.manager, claim, {
      status,
      result: { promoted: false, reason: messageOf(error) },
      modelVersion: null,
      errorCode: code,
      errorMessage: messageOf(error),
    });
  }
}

function tooLong(timeoutMs: number): RecollectError {
  return new RecollectError(
    'TRAINING_TIMEOUT',
    `the run took longer than ${timeoutMs} ms; raise RECOLLECT_TRAIN_TIMEOUT_MS or lower RECOLLECT_TRAIN_EPOCHS`,
  );
}
