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
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { isRetriable, messageOf, RecollectError } from '../errors.js';
import { verdict } from '../promotion/gate.js';
import { Promotion } from '../promotion/promotion.js';
import { takeCut } from '../storage/log-cut.store.js';
import { findModel } from '../storage/model.store.js';
import type { TrainingProgress } from '../storage/training-run.entity.js';
import { claimRun, finishRun, setRunCut, type Claim, type Outcome } from '../storage/training-run.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { recipeFor } from './hyperparameters.js';
import { RunReport } from './run-report.js';
import { writeSequences } from './sequences.js';
import { takeSnapshot, type Snapshot } from './snapshot.js';
import { StateKeeper } from './state-keeper.js';
import { storeModel } from './store-model.js';
import { trainInChild, type News } from './trainer-child.js';
import { inTrainingFolder } from './training-folder.js';
import type { TrainingJob } from './training-job.js';
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

  /** From the log to a stored candidate. */
  private async train(claim: Claim, report: RunReport, signal: AbortSignal): Promise<number> {
    return inTrainingFolder(async (folder) => {
      report.tell(at('SNAPSHOT'));
      const [inputFile, stateFile] = [join(folder, 'log'), join(folder, 'state')];
      const keeper = new StateKeeper(this.dataSource, claim, stateFile, this.logger);
      const cut = (await keeper.fetch()) ? claim.cut : null;
      const { log, window } = await this.snapshot(claim, cut, signal);
      await writeSequences(inputFile, log);
      report.tell(at('TRAINING'));
      const recipe = recipeFor({ events: window.interactions, users: window.users });
      const { trainCurvesFolder: curves, trainEpochs } = this.config;
      const job: TrainingJob = {
        inputFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        stateFile,
        curvesFolder: curves === null ? null : join(curves, claim.id),
        device: this.config.trainDevice,
        hyperparameters: { ...recipe, epochs: trainEpochs ?? recipe.epochs },
      };
      try {
        const onNews = (news: News): void => {
          this.note(claim, news, report, keeper);
        };
        const { entry } = this;
        const result = await trainInChild(job, { entry, threads: this.config.trainThreads, signal, onNews });
        report.tell(at('STORING'));
        return await storeModel(this.dataSource, claim, result, window);
      } catch (error) {
        if (isOfDatabase(error) || (error instanceof RecollectError && error.code === 'LOST')) await keeper.flush();
        throw error;
      } finally {
        await keeper.close();
      }
    });
  }

  /** The log as the attempt before had it, where this one goes on with its state; else as it is now. */
  private async snapshot(claim: Claim, before: bigint | null, signal: AbortSignal): Promise<Snapshot> {
    const cut = before ?? (await takeCut(this.dataSource.manager, this.config.databaseSchema));
    await setRunCut(this.dataSource.manager, claim, cut);
    return takeSnapshot(this.dataSource, cut, signal);
  }

  private note(claim: Claim, news: News, report: RunReport, keeper: StateKeeper): void {
    switch (news.type) {
      case 'progress':
        report.tell(news.progress);
        break;
      case 'epoch':
        report.tellEpochs([news.figures]);
        break;
      case 'resumed':
        this.logger.info(
          { runId: claim.id, epochs: news.epochs.length },
          'a training goes on where it was interrupted',
        );
        report.tellEpochs(news.epochs);
        break;
      case 'state':
        keeper.tell();
        break;
      case 'notice':
        this.logger.warn({ runId: claim.id }, news.message);
        break;
    }
  }

  /** The gate, and the promotion of who passes it: the run succeeds in the transaction that switches the model. */
  private async judge(claim: Claim, version: number, report: RunReport, signal: AbortSignal): Promise<void> {
    const model = await findModel(this.dataSource.manager, version);
    if (model === null) throw new RecollectError('NOT_FOUND', `model ${version} of this run is gone; train again`);
    const { promote, reason } = verdict(model.metrics);
    const outcome: Outcome = {
      status: 'SUCCEEDED',
      result: { promoted: promote, reason },
      modelVersion: version,
      errorCode: null,
      errorMessage: null,
    };
    const alongside = async (tx: EntityManager): Promise<void> => {
      if (!(await finishRun(tx, claim, outcome))) throw new RecollectError('CANCELLED', 'the run was cancelled');
    };
    if (promote) {
      const onProgress = (phase: 'REBUILDING' | 'SWITCHING', users: number, total: number): void => {
        report.tell(at(phase, users, total));
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

/** A connection that was lost, a deadlock, a restart of Postgres: nothing that another training would change. */
function isOfDatabase(error: unknown): boolean {
  return !(error instanceof RecollectError) && isRetriable(error);
}

function tooLong(timeoutMs: number): RecollectError {
  return new RecollectError(
    'TRAINING_TIMEOUT',
    `the run took longer than ${timeoutMs} ms; raise RECOLLECT_TRAIN_TIMEOUT_MS or lower RECOLLECT_TRAIN_EPOCHS`,
  );
}

function at(phase: TrainingProgress['phase'], step = 0, steps = 0): TrainingProgress {
  return { phase, epoch: 0, epochs: 0, step, steps, loss: null, secondsLeft: null };
}
