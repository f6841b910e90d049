/**
 * Running a study: the trainings that its rows lack, one after another, each in a child process as that of a training run.
 *
 * What is trained next follows from the rows alone, so that a study that was stopped, or killed, goes on where it was; only
 * the training that was under way begins again. Trials are compared on validation; the test is not asked. The log up to the
 * cut stays the same, the categories of items are those of each start.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { Config } from '../../config.js';
import { RecollectError, type ErrorCode } from '../../errors.js';
import { advisoryLock } from '../../storage/data-source.js';
import type { DataWindow } from '../../storage/model.entity.js';
import { whileLocked } from '../../storage/session-lock.js';
import type { StudyEntity, TrialResult } from '../../storage/study.entity.js';
import { addResult, loadStudy, setStudyState } from '../../storage/study.store.js';
import type { Logger } from '../../telemetry.js';
import { isFailure, nextTraining, winner } from './halving.js';
import type { Hyperparameters } from '../hyperparameters.js';
import { writeSequences } from '../log/sequences.js';
import { takeSnapshot } from '../log/snapshot.js';
import { recipeOfTrial, rungsOfStudy } from './study.js';
import { trainInChild, type ChildOptions } from '../trainer-child.js';
import { inTrainingFolder } from '../training-folder.js';

/** A training of the study: the trial's number, the rung counted from 0. */
export interface StudyTraining {
  readonly trial: number;
  readonly rung: number;
  readonly epochs: number;
}

export interface StudyContext {
  readonly dataSource: DataSource;
  readonly config: Config;
  readonly logger: Logger;
  /** the module that the child process runs */
  readonly entry: string;
  readonly signal: AbortSignal;
  readonly onNews: (training: StudyTraining, news: Parameters<ChildOptions['onNews']>[0]) => void;
  readonly onResult: (training: StudyTraining, result: TrialResult) => void;
}

/** These end one trial; the others go on. */
const endTrial: readonly ErrorCode[] = ['TRAINING_FAILED', 'TRAINING_TIMEOUT'];
/** These would end every trial; the first one is thrown where every trial has failed. */
const endStudy: readonly ErrorCode[] = [
  'TRAINING_FAILED',
  'TRAINING_BACKEND_UNAVAILABLE',
  'TRAINING_DATA_INSUFFICIENT',
];

const heartbeatMs = 15_000;
/** Ctrl-C in a terminal reaches the child as well, and its end may be heard of before the signal. */
const signalMs = 200;

/** Runs a study to its end, or on to its end. Throws STUDY_UNDER_WAY, NOT_FOUND, what ends the study, or the signal's reason. */
export async function runStudy(context: StudyContext, name: string): Promise<StudyEntity> {
  const { dataSource, logger, config } = context;
  const taken = new RecollectError('STUDY_UNDER_WAY', `study ${name} runs in another process; wait for its end`);
  const lock = { lock: advisoryLock.study, name: `${config.databaseSchema} ${name}`, taken };
  return whileLocked(dataSource, logger, lock, async (session) => {
    const study = await loadStudy(session, name);
    if (study.state === 'FINISHED') return study;
    await setStudyState(session, name, { state: 'OPEN', best: null, errorCode: null, errorMessage: null });
    const beat = new Heartbeat(session);
    try {
      await trainAll({ ...context, signal: AbortSignal.any([context.signal, beat.lost]) }, session, study);
      const best = winner(rungsOfStudy(study), study.trials);
      if (best === null) throw nothingTrained(study);
      await setStudyState(session, name, { state: 'FINISHED', best: best.number, errorCode: null, errorMessage: null });
    } catch (error) {
      if (error instanceof RecollectError && endStudy.includes(error.code)) {
        const failed = { state: 'FAILED', best: null, errorCode: error.code, errorMessage: error.message } as const;
        await setStudyState(session, name, failed);
      }
      throw error;
    } finally {
      beat.stop();
    }
    return loadStudy(session, name);
  });
}

async function trainAll(context: StudyContext, session: EntityManager, study: StudyEntity): Promise<void> {
  const rungs = rungsOfStudy(study);
  await inTrainingFolder(async (folder) => {
    let isWritten = false;
    for (let next = nextTraining(rungs, study.trials); next !== null; next = nextTraining(rungs, study.trials)) {
      if (!isWritten) await writeLog(context, study, fileOfLog(folder));
      isWritten = true;
      const { trial, rung } = next;
      const training = { trial: trial.number, rung, epochs: rungs[rung]?.epochs ?? 0 };
      const result = await train(context, folder, recipeOfTrial(study, trial), training);
      await addResult(session, trial, trial.results.length, result);
      trial.results.push(result);
      context.onResult(training, result);
    }
  });
}

function fileOfLog(folder: string): string {
  return join(folder, 'log');
}

async function writeLog(context: StudyContext, study: StudyEntity, file: string): Promise<void> {
  const { dataSource, signal } = context;
  const { log, window } = await takeSnapshot(dataSource, BigInt(study.dataWindow.lastArrival), signal);
  refuseChangedLog(study, window);
  await writeSequences(file, log);
}

async function train(
  { config, entry, signal, onNews }: StudyContext,
  folder: string,
  recipe: Hyperparameters,
  training: StudyTraining,
): Promise<TrialResult> {
  const { rung, epochs } = training;
  const begun = performance.now();
  const timeout = AbortSignal.timeout(config.trainTimeoutMs);
  const ended = () => ({ rung, epochs, seconds: (performance.now() - begun) / 1000 });
  try {
    const { validation } = await trainInChild(
      {
        inputFile: fileOfLog(folder),
        outputFile: join(folder, 'checkpoint.safetensors'),
        device: config.trainDevice,
        hyperparameters: { ...recipe, epochs, testUsers: 0 },
      },
      {
        entry,
        threads: config.trainThreads,
        signal: AbortSignal.any([signal, timeout]),
        onNews: (news) => {
          onNews(training, news);
        },
      },
    );
    return { ...ended(), hrAt10: validation.model.hrAt10, ndcgAt10: validation.model.ndcgAt10 };
  } catch (error) {
    await sleep(signalMs);
    signal.throwIfAborted();
    const failure = timeout.aborted ? tooLong(config.trainTimeoutMs) : error;
    if (!(failure instanceof RecollectError) || !endTrial.includes(failure.code)) throw failure;
    return { ...ended(), errorCode: failure.code, errorMessage: failure.message };
  }
}

/** The session holds the lock only as long as its connection lives: what is trained after that would not be stored. */
class Heartbeat {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(session: EntityManager) {
    this.timer = setInterval(() => {
      session.query('SELECT 1').catch((error: unknown) => {
        this.controller.abort(error);
      });
    }, heartbeatMs).unref();
  }

  get lost(): AbortSignal {
    return this.controller.signal;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

function refuseChangedLog({ name, dataWindow: before }: StudyEntity, now: DataWindow): void {
  if (now.interactions === before.interactions && now.users === before.users && now.items === before.items) return;
  throw new RecollectError(
    'NOT_FOUND',
    `study ${name} learns from ${before.interactions} interactions of ${before.users} users with ${before.items} items, of which ` +
      `${now.interactions} of ${now.users} users with ${now.items} items are left: its trials could not be compared; create another study`,
  );
}

function nothingTrained({ name, trials }: StudyEntity): RecollectError {
  const [failure] = trials.flatMap(({ results }) => results.filter(isFailure));
  const reason = failure?.errorMessage ?? 'none was trained';
  return new RecollectError('TRAINING_FAILED', `no trial of study ${name} came to its end; the first: ${reason}`);
}

function tooLong(timeoutMs: number): RecollectError {
  return new RecollectError(
    'TRAINING_TIMEOUT',
    `the training took longer than ${timeoutMs} ms; raise RECOLLECT_TRAIN_TIMEOUT_MS or narrow the space`,
  );
}
