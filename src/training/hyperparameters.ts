/**
 * The recipe of a training: data that travels with the job and is kept with the model. The defaults are for a log of
 * 10^4 to 10^7 interactions.
 */
export interface Hyperparameters {
  /** d: numbers of an embedding, of the hidden state, of a key and of a value */
  readonly width: number;
  /** S: memory slots a user */
  readonly slots: number;
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
  /** C: events of a chunk of the memory's training form: speed only */
  readonly chunk: number;
  /** strongest transitions that the checkpoint keeps of each item for the late blend */
  readonly rulesPerItem: number;
  /** most users that an epoch is judged on, drawn by the seed; the final test takes all */
  readonly validationUsers: number;
  /** the same seed on the same machine with one thread gives the same weights */
  readonly seed: number;
}

export const defaultHyperparameters: Hyperparameters = {
  width: 64,
  slots: 4,
  blocks: 1,
  dropout: 0.2,
  epochs: 20,
  patience: 4,
  batchPositions: 2048,
  window: 200,
  learningRate: 2e-3,
  clipNorm: 5,
  chunk: 32,
  rulesPerItem: 200,
  validationUsers: 10_000,
  seed: 1,
};
