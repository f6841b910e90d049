/**
 * A whole training, from the log to the checkpoint and its figures:
 *
 *   split -> learn, epoch by epoch -> choose the rules blend on validation -> rank the test, model and baselines
 *
 * The test is asked once, at the end, with whole histories: what a user's memory would answer after every event but
 * the last.
 */
import type { Checkpoint } from '../model/checkpoint.js';
import { markov, popularity, rules, sequentialRules } from './baselines.js';
import { deviceReport } from './backend.js';
import { blended, chooseBlend } from './blend.js';
import { networkScoring } from './evaluation.js';
import { checkpointOf } from './export.js';
import { attributeWeights, dimensionsOf, Learner } from './learner.js';
import { quality, type Quality } from './metrics.js';
import { ranksOf, type Scoring } from './scoring.js';
import { userCount, type SequenceLog } from './sequences.js';
import { leaveOneOut, sample, type Case } from './split.js';
import { learn, type Listener } from './trainer.js';
import type { TrainingJob, TrainingResult } from './training-job.js';
import { strongest } from './transitions.js';

export interface TrainedModel {
  readonly checkpoint: Checkpoint;
  readonly result: Omit<TrainingResult, 'checkpointPath'>;
}

export async function trainModel(
  log: SequenceLog,
  { hyperparameters, device }: Pick<TrainingJob, 'hyperparameters' | 'device'>,
  listener: Listener,
  signal: AbortSignal,
): Promise<TrainedModel> {
  const begun = performance.now();
  const deviceInUse = deviceReport(device);
  const split = leaveOneOut(log);
  const dimensions = dimensionsOf(split, hyperparameters);
  const weights = attributeWeights(split);
  const learner = new Learner(hyperparameters, dimensions, split, weights);
  const { best, bestEpoch, epochs } = await learn(learner, split, hyperparameters, listener, signal);

  const tell = (step: number) => {
    signal.throwIfAborted();
    listener.onProgress({
      phase: 'EVALUATION',
      epoch: bestEpoch,
      epochs: epochs.length,
      step,
      steps: 3,
      loss: null,
      secondsLeft: null,
    });
  };
  tell(0);
  learner.restore(best);
  const { training } = split;
  const network = networkScoring(learner);
  const table = sequentialRules(training, dimensions.items);
  const served = strongest(table, hyperparameters.rulesPerItem);
  const validation = sample(split.validation, hyperparameters.validationUsers, hyperparameters.seed);
  const blend = chooseBlend(network, served, validation);
  const model = blended(network, served, blend);
  const judge = (scoring: Scoring, cases: readonly Case[]): Quality => quality(ranksOf(scoring, cases));
  tell(1);
  const onValidation = { model: judge(model, validation), modelWithoutBlend: judge(network, validation) };
  tell(2);
  const test = {
    model: judge(model, split.test),
    modelWithoutBlend: judge(network, split.test),
    popularity: judge(popularity(training, dimensions.items), split.test),
    markov: judge(markov(training, dimensions.items), split.test),
    rules: judge(rules(table, training, dimensions.items), split.test),
    users: split.test.length,
  };
  tell(3);
  return {
    checkpoint: checkpointOf(dimensions, split, best, weights, served, blend),
    result: {
      epochs,
      bestEpoch,
      validation: onValidation,
      test,
      blend,
      users: userCount(log.users),
      items: dimensions.items,
      events: log.users.rows.length,
      parameters: [...best.values()].reduce((sum, { data }) => sum + data.length, 0),
      hyperparameters,
      device: deviceInUse,
      seconds: (performance.now() - begun) / 1000,
    },
  };
}
