/**
 * A whole training, from the log to the checkpoint and its figures:
 *
 *   split -> learn, epoch by epoch -> choose the rules blend on validation -> rank the test, model and baselines
 *
 * The test is asked once, at the end, with whole histories: what a user's memory would answer after every event before
 * the one that is asked for.
 */
import type { Checkpoint } from '../model/checkpoint.js';
import { sequentialRules } from './baselines.js';
import { deviceReport } from './backend.js';
import { chooseBlend } from './blend.js';
import { networkScoring } from './evaluation.js';
import { checkpointOf } from './export.js';
import { dimensionsOf, Learner } from './learner.js';
import { judgeSystems } from './judge-systems.js';
import { learnLabelled } from './labelled-stage.js';
import { userCount, type SequenceLog } from './sequences.js';
import { sample, splitLog } from './split.js';
import { systemFigures } from './system-figures.js';
import { learn, type Listener } from './trainer.js';
import type { TrainingJob, TrainingResult } from './training-job.js';
import { frequencies, strongest } from './transitions.js';

/** Bounds the memory that one user with a million interactions would take; nothing older weighs in an answer. */
const longestHistory = 10_000;

export interface TrainedModel {
  readonly checkpoint: Checkpoint;
  readonly result: Omit<TrainingResult, 'checkpointPath'>;
}

export async function trainModel(
  log: SequenceLog,
  {
    hyperparameters,
    device,
    split: choice = { kind: 'leave-one-out' },
    seen = 'removed',
  }: Pick<TrainingJob, 'hyperparameters' | 'device' | 'split' | 'seen'>,
  listener: Listener,
  signal: AbortSignal,
): Promise<TrainedModel> {
  const begun = performance.now();
  const deviceInUse = deviceReport(device);
  const split = splitLog(log, choice, seen);
  const dimensions = dimensionsOf(split, hyperparameters);
  const learner = new Learner(hyperparameters, dimensions, split);
  const { best: first, bestEpoch, epochs } = await learn(learner, split, hyperparameters, listener, signal);
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
  const served = strongest(table, hyperparameters.rulesPerItem);
  const validation = sample(split.validation, hyperparameters.validationUsers, hyperparameters.seed);
  const asked = sample(split.test, hyperparameters.testUsers, hyperparameters.seed);
  const { blend, ...onValidation } = chooseBlend(network, served, validation);
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
    checkpoint: checkpointOf(dimensions, split, best, served, blend),
    result: {
      epochs,
      bestEpoch,
      labelled,
      validation: onValidation,
      test,
      systems: systemFigures(judgements, asked, frequencies(training, items), hyperparameters.seed),
      blend,
      users: userCount(log.users),
      items,
      events: log.users.rows.length,
      parameters: [...best.values()].reduce((sum, { data }) => sum + data.length, 0),
      hyperparameters,
      device: deviceInUse,
      seconds: (performance.now() - begun) / 1000,
    },
  };
}
