import type { OutcomeRule } from '../model/outcome.js';

/** The recipe of a training: data that travels with the job and is kept with the model. */
export interface Hyperparameters {
  /** d: numbers of an embedding, of the hidden state, of a key and of a value */
  readonly width: number;
  /** S: memory slots a user; 0: no memory */
  readonly slots: number;
  /** H: parts of keys, values and read, each with gates and an attention of its own; divides the width */
  readonly heads: number;
  /** whether each kind of interaction has a vector that is added to the item's */
  readonly kindVectors: boolean;
  /** buckets of the time since the user's event before that have such a vector; 0: none */
  readonly gapBuckets: number;
  /** length that each item's vector is scaled to where it scores; 0: as it is */
  readonly outputLength: number;
  /** where the items' vectors start: small random numbers, or what occurs near what in the training sequences (`start/cooccurrence`) */
  readonly itemStart: 'chance' | 'cooccurrence';
  /** L: GRU blocks */
  readonly blocks: number;
  /** share of numbers that a dropout sets to zero, everywhere in the network, 0 .. 1 */
  readonly dropout: number;
  /** most passes over the data */
  readonly epochs: number;
  /** epochs without a better validation NDCG@10 after which the training stops */
  readonly patience: number;
  /** about how many positions a batch holds */
  readonly batchPositions: number;
  /** T: most items of a training row; older parts of a history are further rows */
  readonly window: number;
  /** Adam's rate after the warm-up of one epoch; from there it falls in a line to 2 % at the last epoch */
  readonly learningRate: number;
  /** norm that all gradients together are cut to */
  readonly clipNorm: number;
  /**
   * what is judged and kept is a moving average of the weights, avg = decay avg + (1 - decay) weights after each step;
   * 0: the weights themselves
   */
  readonly averageDecay: number;
  /**
   * the loss of a target n places before the end of its user's training sequence weighs max(recencyFloor, recencyDecay^n):
   * what people did last is nearest to what will be asked. 1: all weigh the same
   */
  readonly recencyDecay: number;
  readonly recencyFloor: number;
  /** share of the log's time after which it weighs half, whoever's it is; 0: any age weighs the same */
  readonly recencyHalfLife: number;
  /** what interactions are worth as targets; none: all the same, and the five settings below do nothing */
  readonly outcomes: readonly OutcomeRule[];
  /** whether the whole training goes by outcomes; else the labelled stage alone, after a training in which all weigh the same */
  readonly outcomesThroughout: boolean;
  /** what telling the wanted from the unwanted weighs beside the cross entropy in a training that goes by outcomes throughout */
  readonly pairWeight: number;
  /** most passes of the labelled stage, which trains the memory's read alone on the outcomes; 0: no such stage */
  readonly labelledEpochs: number;
  /** Adam's first rate in it, and what the pairs weigh there */
  readonly labelledRate: number;
  readonly labelledPairWeight: number;
  /** C: events of a chunk of the memory's training form: speed only */
  readonly chunk: number;
  /** e: share of the target's weight that label smoothing spreads over all items, 0 <= e < 1 */
  readonly labelSmoothing: number;
  /** items above which a catalogue trains with sampled softmax: the full one's time grows with the catalogue */
  readonly sampledAbove: number;
  /** draws of negatives that the positions of a batch share in sampled softmax */
  readonly negatives: number;
  /** strongest transitions that the checkpoint keeps of each item for the late blend */
  readonly rulesPerItem: number;
  /** what a transition counts in the other direction there, 0 .. 1 */
  readonly rulesBackward: number;
  /** how much less the blend's rules count a pair with a gap, an item that occurs often, and an item further back in the history */
  readonly rulesGapPower: number;
  readonly rulesTargetPower: number;
  readonly rulesPlacePower: number;
  /** most users that an epoch and the blend are judged on, drawn by the seed */
  readonly validationUsers: number;
  /** most users that the final test asks for, drawn by the seed */
  readonly testUsers: number;
  /** the same seed on the same machine with one thread gives the same weights */
  readonly seed: number;
}

/** For a log of some hundred thousand interactions. */
export const defaultHyperparameters: Hyperparameters = {
  width: 64,
  slots: 4,
  heads: 1,
  kindVectors: false,
  gapBuckets: 0,
  outputLength: 0,
  itemStart: 'chance',
  blocks: 1,
  dropout: 0.3,
  epochs: 12,
  patience: 5,
  batchPositions: 1024,
  window: 200,
  learningRate: 6e-3,
  clipNorm: 5,
  averageDecay: 0,
  recencyDecay: 1,
  recencyFloor: 0,
  recencyHalfLife: 0,
  outcomes: [],
  outcomesThroughout: false,
  pairWeight: 0.5,
  labelledEpochs: 3,
  labelledRate: 3e-3,
  labelledPairWeight: 1,
  chunk: 32,
  labelSmoothing: 0,
  sampledAbove: 200_000,
  negatives: 8_192,
  rulesPerItem: 200,
  rulesBackward: 0,
  rulesGapPower: 0.5,
  rulesTargetPower: 0.25,
  rulesPlacePower: 0.4,
  validationUsers: 10_000,
  testUsers: 20_000,
  seed: 1,
};

/**
 * The recipe for a log of this size: about a hundred steps an epoch within what a processor's cache likes, and more dropout the less
 * there is to learn from. A small log of long histories takes few epochs at a high rate, a large one many and the average of the
 * weights; short histories weigh what came last. Measured on 100k to 1M interactions: films with 165 a user, shop reviews with 9 a
 * user.
 */
export function recipeFor({ events, users }: { readonly events: number; readonly users: number }): Hyperparameters {
  const batchPositions = Math.round(Math.max(1024, Math.min(4096, events / 100)));
  if (events / Math.max(1, users) < 20) {
    const recency = { recencyDecay: 0.8, recencyFloor: 0.2 };
    return { ...defaultHyperparameters, ...recency, batchPositions, dropout: 0.5, learningRate: 2e-3, epochs: 16 };
  }
  if (events < 500_000) return { ...defaultHyperparameters, batchPositions };
  return {
    ...defaultHyperparameters,
    batchPositions,
    dropout: 0.2,
    learningRate: 2e-3,
    averageDecay: 0.999,
    epochs: 54,
  };
}
