/**
 * The loop: epochs of optimisation steps, judged by NDCG@10 on validation after each; the weights of the best epoch
 * are kept in memory, and the loop ends when `patience` epochs brought nothing better. All chance comes from the
 * seed.
 */
import { setImmediate } from 'node:timers/promises';
import { RecollectError } from '../errors.js';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import { batchesOf, fill, windowsOf } from './batches.js';
import { networkScoring } from './evaluation.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { Learner } from './learner.js';
import { learningRateAt } from './learning-rate.js';
import { quality } from './metrics.js';
import { outcomesOf } from './outcomes.js';
import type { Parameters } from './parameters.js';
import { Random } from './random.js';
import { ranksOf } from './scoring.js';
import { sample, type Split } from './split.js';

/** Told how it goes: progress about once a second, and each epoch when it is over. */
export interface Listener {
  readonly onProgress: (progress: TrainingProgress) => void;
  readonly onEpoch: (figures: EpochFigures) => void;
}

export interface Learned {
  readonly best: Parameters;
  readonly bestEpoch: number;
  readonly epochs: readonly EpochFigures[];
}

const progressMs = 1_000;

export async function learn(
  learner: Learner,
  split: Pick<Split, 'training' | 'validation' | 'kinds'>,
  hyperparameters: Hyperparameters,
  listener: Listener,
  signal: AbortSignal,
): Promise<Learned> {
  const { epochs: most, patience, window, batchPositions, seed, validationUsers } = hyperparameters;
  const recency = { decay: hyperparameters.recencyDecay, floor: hyperparameters.recencyFloor };
  const rules = hyperparameters.outcomesThroughout ? hyperparameters.outcomes : [];
  const outcomes = outcomesOf(split.training, split.kinds, rules, seed + 3);
  const random = new Random(seed);
  const windows = windowsOf(split.training, window);
  const validation = sample(split.validation, validationUsers, seed);
  const scoring = networkScoring(learner, window);
  const figures: EpochFigures[] = [];
  let best = { parameters: learner.snapshot(), epoch: 0, ndcgAt10: -1 };
  let done = 0;
  let told = Number.NEGATIVE_INFINITY;
  const begun = performance.now();

  for (let epoch = 1; epoch <= most && epoch - best.epoch <= patience; epoch++) {
    const started = performance.now();
    const batches = batchesOf(windows, batchPositions, random);
    const steps = batches.length;
    let loss = 0;
    let rate = 0;
    learner.beginEpoch();
    for (const [index, batch] of batches.entries()) {
      signal.throwIfAborted();
      rate = learningRateAt(hyperparameters, done, steps);
      const stepLoss = learner.step(fill(split.training, batch, learner.dimensions, recency, outcomes), rate);
      if (!Number.isFinite(stepLoss)) throw diverged(epoch, index + 1);
      loss += stepLoss;
      done++;
      const now = performance.now();
      if (now - told > progressMs || index + 1 === steps) {
        told = now;
        const secondsLeft = ((now - begun) / 1000 / done) * (steps * most - done);
        const step = index + 1;
        listener.onProgress({ phase: 'TRAINING', epoch, epochs: most, step, steps, loss: loss / step, secondsLeft });
      }
      await setImmediate(); //                                  a message to stop can come in
    }
    const { hrAt10, ndcgAt10 } = quality(ranksOf(scoring, validation));
    const seconds = (performance.now() - started) / 1000;
    const judged = {
      epoch,
      loss: loss / steps,
      validationHrAt10: hrAt10,
      validationNdcgAt10: ndcgAt10,
      learningRate: rate,
      seconds,
    };
    figures.push(judged);
    listener.onEpoch(judged);
    if (ndcgAt10 > best.ndcgAt10) best = { parameters: learner.snapshot(), epoch, ndcgAt10 };
  }
  return { best: best.parameters, bestEpoch: best.epoch, epochs: figures };
}

function diverged(epoch: number, step: number): RecollectError {
  return new RecollectError(
    'TRAINING_FAILED',
    `the loss is no longer a number in epoch ${epoch}, step ${step}: the training diverged. ` +
      'Try a smaller learning rate',
  );
}
