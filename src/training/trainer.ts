/**
 * The loop: epochs of optimisation steps, judged by NDCG@10 on validation after each; the weights of the best epoch
 * are kept in memory, and the loop ends when `patience` epochs brought nothing better. All chance comes from the
 * seed. What it needs to go on from any step is a `TrainingState`.
 */
import { setImmediate } from 'node:timers/promises';
import { RecollectError } from '../errors.js';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import { batchesOf, fill, windowsOf } from './log/batches.js';
import { networkScoring } from './evaluation/evaluation.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { Learner } from './graph/learner.js';
import { learningRateAt } from './optimizer/learning-rate.js';
import { quality } from './evaluation/metrics.js';
import { outcomesOf } from './log/outcomes.js';
import { recencyOf } from './log/recency.js';
import type { Parameters } from './graph/parameters.js';
import { Random } from './random.js';
import { ranksOf } from './evaluation/scoring.js';
import { sample, type Split } from './log/split.js';
import type { StateFile } from './state/state-file.js';
import type { Tally, TrainingState } from './state/training-state.js';

/** A point of the curves: step of all, from 1 on. */
export interface StepFigures {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

/** Told how it goes: progress about once a second, each epoch when it is over, every tenth step. */
export interface Listener {
  readonly onProgress: (progress: TrainingProgress) => void;
  readonly onEpoch: (figures: EpochFigures, steps: number) => void;
  readonly onStep?: (figures: StepFigures) => void;
  /** of a training that goes on: the epochs that are over, before anything else is told */
  readonly onResume?: (epochs: readonly EpochFigures[], steps: number) => void;
}

export interface Learned {
  readonly best: Parameters;
  readonly bestEpoch: number;
  readonly epochs: readonly EpochFigures[];
}

const progressMs = 1_000;
const stepsPerPoint = 10;
const nothing: Tally = { loss: 0, gradientNorm: 0, largestNorm: 0, milliseconds: 0 };

/** `states`: where it is kept how far the training is, and taken up again. */
export async function learn(
  learner: Learner,
  split: Pick<Split, 'training' | 'validation' | 'kinds'>,
  hyperparameters: Hyperparameters,
  listener: Listener,
  signal: AbortSignal,
  states: StateFile | null = null,
): Promise<Learned> {
  const { epochs: most, patience, window, batchPositions, seed, validationUsers } = hyperparameters;
  const recency = recencyOf(hyperparameters, split.training);
  const from = (await states?.restore(learner)) ?? null;
  if (from !== null) listener.onResume?.(from.epochs, from.done);
  const rules = hyperparameters.outcomesThroughout ? hyperparameters.outcomes : [];
  const outcomes = outcomesOf(split.training, split.kinds, rules, from?.pairs ?? seed + 3);
  const random = new Random(from?.stream ?? seed);
  const windows = windowsOf(split.training, window);
  const validation = sample(split.validation, validationUsers, seed);
  const scoring = networkScoring(learner, window);
  const figures = [...(from?.epochs ?? [])];
  let best: TrainingState['best'] = from?.best ?? { parameters: learner.snapshot(), epoch: 0, ndcgAt10: -1 };
  let done = from?.done ?? 0;
  let skip = from?.step ?? 0; //                                steps of the first epoch that are over
  let tally = from?.tally ?? nothing;
  let told = Number.NEGATIVE_INFINITY;
  const [begun, doneBefore] = [performance.now(), done];

  for (let epoch = from?.epoch ?? 1; epoch <= most && epoch - best.epoch <= patience; epoch++) {
    let since = performance.now();
    const stream = random.state;
    const batches = batchesOf(windows, batchPositions, random);
    const steps = batches.length;
    if (skip === 0) learner.beginEpoch();
    for (const [index, batch] of [...batches.entries()].slice(skip)) {
      signal.throwIfAborted();
      const learningRate = learningRateAt(hyperparameters, done, steps);
      const { loss, gradientNorm } = learner.step(
        fill(split.training, batch, learner.dimensions, recency, outcomes),
        learningRate,
      );
      const step = index + 1;
      if (!Number.isFinite(loss)) throw diverged(epoch, step);
      done++;
      const now = performance.now();
      tally = {
        loss: tally.loss + loss,
        gradientNorm: tally.gradientNorm + gradientNorm,
        largestNorm: Math.max(tally.largestNorm, gradientNorm),
        milliseconds: tally.milliseconds + now - since,
      };
      since = now;
      if (done % stepsPerPoint === 0) listener.onStep?.({ step: done, loss, learningRate, gradientNorm });
      if (now - told > progressMs || step === steps) {
        told = now;
        const secondsLeft = ((now - begun) / 1000 / (done - doneBefore)) * (steps * most - done);
        const mean = tally.loss / step;
        listener.onProgress({ phase: 'TRAINING', epoch, epochs: most, step, steps, loss: mean, secondsLeft });
      }
      if (step < steps && states?.isDue(false) === true) {
        await states.write({
          epoch,
          step,
          done,
          stream,
          pairs: outcomes?.random.state ?? null,
          tally,
          epochs: figures,
          best,
          learner: learner.exportState(),
        });
      }
      await setImmediate(); //                                  a message to stop can come in
    }
    const { result: ranks, slots } = learner.measureSlots(() => ranksOf(scoring, validation));
    const { hrAt10, ndcgAt10 } = quality(ranks);
    const judged: EpochFigures = {
      epoch,
      loss: tally.loss / steps,
      validationHrAt10: hrAt10,
      validationNdcgAt10: ndcgAt10,
      learningRate: learningRateAt(hyperparameters, done - 1, steps),
      gradientNorm: tally.gradientNorm / steps,
      gradientNormMax: tally.largestNorm,
      slotReadEntropy: slots?.readEntropy ?? null,
      deadSlots: slots?.dead ?? null,
      seconds: (tally.milliseconds + performance.now() - since) / 1000,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    };
    figures.push(judged);
    listener.onEpoch(judged, done);
    if (ndcgAt10 > best.ndcgAt10) best = { parameters: learner.snapshot(), epoch, ndcgAt10 };
    [skip, tally] = [0, nothing];
    if (states?.isDue(true) === true) {
      const pairs = outcomes?.random.state ?? null;
      const next = { epoch: epoch + 1, step: 0, done, stream: random.state, pairs, tally };
      await states.write({ ...next, epochs: figures, best, learner: learner.exportState() });
    }
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
