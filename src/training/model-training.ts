/**
 * A whole training, from the log to the checkpoint and its figures:
 *
 *   split -> learn, epoch by epoch -> choose the rules blend on validation -> fit the content map -> rank the test, model and baselines
 *
 * The test is asked once, at the end, with whole histories: what a user's memory would answer after every event before
 * the one that is asked for.
 */
import type { Checkpoint } from '../model/checkpoint.js';
import { sequentialRules } from './evaluation/baselines.js';
import { deviceReport } from './backend.js';
import { chooseBlend, servedRules } from './evaluation/blend.js';
import { networkScoring } from './evaluation/evaluation.js';
import type { ContentById } from './content/content-file.js';
import { fitContent } from './content/content-fit.js';
import { ContentRegression } from './content/content-regression.js';
import { checkpointOf } from './graph/export.js';
import { Learner } from './graph/learner.js';
import { dimensionsOf } from './graph/network-sizes.js';
import { judgeSystems } from './evaluation/judge-systems.js';
import { learnLabelled } from './labelled-stage.js';
import { userCount, type SequenceLog } from './log/sequences.js';
import { sample, splitLog } from './log/split.js';
import type { StateFile } from './state/state-file.js';
import { systemFigures } from './evaluation/system-figures.js';
import { learn, type Listener } from './trainer.js';
import type { TrainingJob, TrainingResult } from './training-job.js';
import { frequencies } from './evaluation/transitions.js';
import { startOf } from './warm-start.js';

/** Bounds the memory that one user with a million interactions would take; nothing older weighs in an answer. */
const longestHistory = 10_000;

export interface TrainedModel {
  readonly checkpoint: Checkpoint;
  readonly result: Omit<TrainingResult, 'checkpointPath'>;
}

export interface TrainingExtras {
  /** where the training keeps how far it is; null: nowhere */
  readonly states?: StateFile | null;
  /** what items are made of beside their categories, for those that the training never sees; null: none of these gets a place */
  readonly content?: ContentById | null;
}

export async function trainModel(
  log: SequenceLog,
  job: Pick<TrainingJob, 'hyperparameters' | 'device' | 'split' | 'seen' | 'warmStart'>,
  listener: Listener,
  signal: AbortSignal,
  { states = null, content = null }: TrainingExtras = {},
): Promise<TrainedModel> {
  const begun = performance.now();
  const deviceInUse = deviceReport(job.device);
  const split = splitLog(log, job.split ?? { kind: 'leave-one-out' }, job.seen ?? 'removed');
  const dimensions = dimensionsOf(split, job.hyperparameters);
  const { parameters, hyperparameters, refused } = await startOf(job.warmStart, split, dimensions, job.hyperparameters);
  const learner = new Learner(hyperparameters, dimensions, split, parameters);
  const { best: first, bestEpoch, epochs } = await learn(learner, split, hyperparameters, listener, signal, states);
  const { best, ...labelled } = await learnLabelled(learner, first, { split, log }, hyperparameters, listener, signal);

  const tell = (step: number) => {
    signal.throwIfAborted();
    const progress = { epoch: bestEpoch, epochs: epochs.length, step, steps: 2, loss: null, secondsLeft: null };
    listener.onProgress({ phase: 'EVALUATION', ...progress });
  };
  tell(0);
  learner.restore(best);
  const { training } = split;
  const { items } = dimensions;
  const network = networkScoring(learner, longestHistory);
  const table = sequentialRules(training, items);
  const served = servedRules(training, items, hyperparameters);
  const validation = sample(split.validation, hyperparameters.validationUsers, hyperparameters.seed);
  const asked = sample(split.test, hyperparameters.testUsers, hyperparameters.seed);
  const { blend, ...onValidation } = chooseBlend(network, served, hyperparameters.rulesPlacePower, validation);
  const counts = frequencies(training, items);
  const scored = { learner, rules: served, blend, limit: longestHistory };
  const placing =
    content &&
    fitContent(new ContentRegression(split, best, counts, content), scored, validation, hyperparameters.seed);
  tell(1);
  const judgements = judgeSystems({ network, served, blend, training, items, table }, asked);
  const test = {
    model: judgements.model.quality(),
    modelWithoutBlend: judgements.modelWithoutBlend.quality(),
    popularity: judgements.popularity.quality(),
    markov: judgements.markov.quality(),
    rules: judgements.rules.quality(),
    users: new Set(asked.map(({ user }) => user)).size,
    cases: asked.length,
  };
  tell(2);
  return {
    checkpoint: checkpointOf(dimensions, split, best, served, blend, placing),
    result: {
      epochs,
      bestEpoch,
      labelled,
      validation: onValidation,
      test,
      systems: systemFigures(judgements, asked, counts, hyperparameters.seed),
      blend,
      users: userCount(log.users),
      items,
      events: log.users.rows.length,
      parameters: [...best.values()].reduce((sum, { data }) => sum + data.length, 0),
      hyperparameters,
      ...(refused !== null && { warmStartRefused: refused }),
      device: deviceInUse,
      seconds: (performance.now() - begun) / 1000,
    },
  };
}
