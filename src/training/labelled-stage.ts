/**
 * The labelled stage: after the self-supervised training the read learns from outcomes, once more over the training data with
 *
 *   weighted cross entropy + labelledPairWeight * pairwise loss
 *
 * Only what a query computes moves: W_q, p, W_o, the join after the memory, and the output's biases. Whatever writes stays bit for
 * bit, so memories written before are as those written after. The rate falls in a line to 0.
 *
 * The epoch with the best outcome NDCG@10 on validation is kept, which may be none: the stage never makes that figure worse.
 */
import { setImmediate } from 'node:timers/promises';
import { RecollectError } from '../errors.js';
import { batchesOf, fill, windowsOf } from './log/batches.js';
import { networkScoring } from './evaluation/evaluation.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { Learner } from './graph/learner.js';
import { quality } from './evaluation/metrics.js';
import { outcomeNdcgAt10 } from './evaluation/outcome-metrics.js';
import { outcomesOf, outcomeWeights } from './log/outcomes.js';
import { recencyOf } from './log/recency.js';
import type { Parameters } from './graph/parameters.js';
import { Random } from './random.js';
import { ranksOf } from './evaluation/scoring.js';
import type { SequenceLog } from './log/sequences.js';
import { sample, type Case, type Split } from './log/split.js';
import type { Listener } from './trainer.js';

/** On validation; epoch 0 is what came in. */
export interface LabelledEpoch {
  readonly epoch: number;
  readonly outcomeNdcgAt10: number;
  readonly ndcgAt10: number;
}

export interface LabelledFigures {
  /** empty: there was no such stage */
  readonly labelledEpochs: readonly LabelledEpoch[];
  /** the one that is kept */
  readonly labelledEpoch: number;
}

const readParameters = /^(memory\.(query\.weight|output\.weight|slot\.bias)|join\..*|output\.bias)$/;

/** Whether a parameter is of the read alone: nothing that is stored of a user depends on it. */
export function isOfRead(name: string): boolean {
  return readParameters.test(name);
}

export async function learnLabelled(
  learner: Learner,
  first: Parameters,
  { split, log }: { readonly split: Pick<Split, 'training' | 'kinds' | 'validation'>; readonly log: SequenceLog },
  hyperparameters: Hyperparameters,
  listener: Listener,
  signal: AbortSignal,
): Promise<LabelledFigures & { readonly best: Parameters }> {
  const {
    labelledEpochs: most,
    labelledRate,
    labelledPairWeight: pairWeight,
    window,
    batchPositions,
  } = hyperparameters;
  const { seed, validationUsers, outcomes: rules } = hyperparameters;
  const outcomes = outcomesOf(split.training, split.kinds, rules, seed + 4);
  if (most === 0 || outcomes === null) return { best: first, labelledEpochs: [], labelledEpoch: 0 };
  const recency = recencyOf(hyperparameters, split.training);
  const random = new Random(seed + 5);
  const windows = windowsOf(split.training, window);
  const validation = sample(split.validation, validationUsers, seed);
  const worth = caseWeights(outcomeWeights(log.users, log.kinds, rules), log, validation);
  const scoring = networkScoring(learner, window);
  const judge = (epoch: number): LabelledEpoch => {
    const ranks = ranksOf(scoring, validation);
    return { epoch, outcomeNdcgAt10: outcomeNdcgAt10(ranks, worth), ndcgAt10: quality(ranks).ndcgAt10 };
  };
  learner.restore(first);
  const figures = [judge(0)];
  let best = { parameters: first, epoch: 0, value: figures[0]?.outcomeNdcgAt10 ?? 0 };
  for (let epoch = 1; epoch <= most; epoch++) {
    const batches = batchesOf(windows, batchPositions, random);
    const steps = batches.length;
    let sum = 0;
    learner.beginEpoch();
    for (const [index, batch] of batches.entries()) {
      signal.throwIfAborted();
      const rate = labelledRate * (1 - ((epoch - 1) * steps + index) / (most * steps));
      const filled = fill(split.training, batch, learner.dimensions, recency, outcomes);
      const { loss } = learner.step(filled, rate, { trains: isOfRead, pairWeight });
      if (!Number.isFinite(loss)) throw diverged(epoch, index + 1);
      sum += loss;
      await setImmediate(); //                                  a message to stop can come in
    }
    listener.onProgress({
      ...{ phase: 'TRAINING', epoch, epochs: most, step: steps, steps, loss: sum / steps, secondsLeft: null },
    });
    const judged = judge(epoch);
    figures.push(judged);
    if (judged.outcomeNdcgAt10 > best.value) {
      best = { parameters: learner.snapshot(), epoch, value: judged.outcomeNdcgAt10 };
    }
  }
  return { best: best.parameters, labelledEpochs: figures, labelledEpoch: best.epoch };
}

/** What the targets of cases weigh: a case's history is all that its user did before. */
export function caseWeights(
  weights: Float32Array,
  { users }: Pick<SequenceLog, 'users'>,
  cases: readonly Case[],
): Float32Array {
  return Float32Array.from(cases, ({ user, history }) => weights[(users.offsets[user] ?? 0) + history.length] ?? 0);
}

function diverged(epoch: number, step: number): RecollectError {
  return new RecollectError(
    'TRAINING_FAILED',
    `the loss is no longer a number in epoch ${epoch}, step ${step} of the labelled stage: try a smaller labelledRate`,
  );
}
