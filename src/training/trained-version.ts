/**
 * From the log to a stored version of the model:
 *
 *   snapshot -> file -> child process trains -> weights and figures in Postgres
 *
 * An attempt that finds the training state of the one before takes the same cut of the log and goes on there.
 */
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { isRetriable, RecollectError } from '../errors.js';
import { takeCut } from '../storage/log-cut.store.js';
import type { Claim } from '../storage/training-claim.store.js';
import { setRunCut } from '../storage/training-run.store.js';
import type { Logger } from '../telemetry.js';
import { contentOf, writeContent } from './content/content-file.js';
import { splitOf } from './log/held-out.js';
import { writeLiveWeights, type WarmStart } from './live-weights.js';
import { recipeOf } from './recipe.js';
import type { RunReport } from './run-report.js';
import { writeSequences } from './log/sequences.js';
import { takeSnapshot, trainedWindow, type Snapshot } from './log/snapshot.js';
import { StateKeeper } from './state/state-keeper.js';
import { storeModel } from './store-model.js';
import { trainInChild, type News } from './trainer-child.js';
import { inTrainingFolder } from './training-folder.js';
import type { TrainingJob } from './training-job.js';

export interface VersionTraining {
  readonly config: Config;
  readonly logger: Logger;
  readonly dataSource: DataSource;
  /** the module that the child process runs */
  readonly entry: string;
  readonly claim: Claim;
  readonly report: RunReport;
  readonly signal: AbortSignal;
}

/** Returns the number of the version, which does not serve yet. */
export async function trainVersion(training: VersionTraining): Promise<number> {
  const { config, logger, dataSource, entry, claim, report, signal } = training;
  return inTrainingFolder(async (folder) => {
    report.tellPhase('SNAPSHOT');
    const [inputFile, stateFile] = [join(folder, 'log'), join(folder, 'state')];
    const keeper = new StateKeeper(dataSource, claim, stateFile, logger);
    const cut = (await keeper.fetch()) ? claim.cut : null;
    const { log, window } = await snapshot(training, cut);
    await writeSequences(inputFile, log);
    const contentFile = join(folder, 'content');
    await writeContent(contentFile, contentOf(dataSource, log, signal));
    const split = splitOf(config.trainSplit, log.users);
    report.tellPhase('TRAINING');
    const liveFile = join(folder, 'live.safetensors');
    const isWarm = claim.warmStart ?? config.trainWarmStart;
    const offered = isWarm ? await writeLiveWeights(dataSource.manager, liveFile) : null;
    const { trainCurvesFolder: curves, trainThreads: threads } = config;
    const job: TrainingJob = {
      inputFile,
      contentFile,
      outputFile: join(folder, 'checkpoint.safetensors'),
      stateFile,
      curvesFolder: curves === null ? null : join(curves, claim.id),
      device: config.trainDevice,
      hyperparameters: recipeOf(config, window),
      split,
      seen: config.trainSeen,
      warmStart:
        offered?.modelVersion != null && offered.refused === null
          ? { file: liveFile, modelVersion: offered.modelVersion }
          : null,
    };
    try {
      const onNews = (news: News): void => {
        note(training, news, keeper);
      };
      const result = await trainInChild(job, { entry, threads, signal, onNews });
      report.tellPhase('STORING');
      const warmStart = offered && { ...offered, refused: offered.refused ?? result.warmStartRefused ?? null };
      if (warmStart !== null) noteWarmStart(training, warmStart);
      return await storeModel(dataSource, claim, result, trainedWindow(window, split), warmStart);
    } catch (error) {
      if (isOfDatabase(error) || (error instanceof RecollectError && error.code === 'LOST')) await keeper.flush();
      throw error;
    } finally {
      await keeper.close();
    }
  });
}

/** A connection that was lost, a deadlock, a restart of Postgres: nothing that another training would change. */
export function isOfDatabase(error: unknown): boolean {
  return !(error instanceof RecollectError) && isRetriable(error);
}

/** The log as the attempt before had it, where this one goes on with its state; else as it is now. */
async function snapshot(
  { config, dataSource, claim, signal }: VersionTraining,
  before: bigint | null,
): Promise<Snapshot> {
  const cut = before ?? (await takeCut(dataSource.manager, config.databaseSchema));
  await setRunCut(dataSource.manager, claim, cut);
  return takeSnapshot(dataSource, cut, signal);
}

function noteWarmStart({ claim, logger }: VersionTraining, { modelVersion, refused: reason }: WarmStart): void {
  const about = { runId: claim.id, modelVersion };
  if (reason === null) logger.info(about, 'a training started from the weights of the live model');
  else logger.warn({ ...about, reason }, 'a training was to start from the live model and started from scratch');
}

function note({ claim, logger, report }: VersionTraining, news: News, keeper: StateKeeper): void {
  switch (news.type) {
    case 'progress':
      report.tell(news.progress);
      break;
    case 'epoch':
      report.tellEpochs([news.figures]);
      break;
    case 'resumed':
      logger.info({ runId: claim.id, epochs: news.epochs.length }, 'a training goes on where it was interrupted');
      report.tellEpochs(news.epochs);
      break;
    case 'state':
      keeper.tell();
      break;
    case 'notice':
      logger.warn({ runId: claim.id }, news.message);
      break;
  }
}
