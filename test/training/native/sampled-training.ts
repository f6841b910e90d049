/** A training with sampled softmax throughout finds a planted pattern, and comes out the same for the same seed. */
import assert from 'node:assert/strict';
import { defaultHyperparameters } from '../../../src/training/hyperparameters.js';
import { trainModel } from '../../../src/training/model-training.js';
import { plantedLog } from '../planted.js';

const hyperparameters = {
  ...defaultHyperparameters,
  width: 16,
  epochs: 6,
  batchPositions: 256,
  sampledAbove: 0,
  negatives: 20,
};
const train = async () =>
  trainModel(
    plantedLog(300, 7),
    { hyperparameters, device: 'cpu' },
    { onProgress: () => undefined, onEpoch: () => undefined },
    new AbortController().signal,
  );

const first = await train();
const { modelWithoutBlend, popularity } = first.result.test;
assert.ok(
  modelWithoutBlend.ndcgAt10 > 2 * popularity.ndcgAt10,
  `NDCG@10 of the network is ${modelWithoutBlend.ndcgAt10}, of popularity ${popularity.ndcgAt10}`,
);
const second = await train();
assert.deepEqual(second.checkpoint.tensors, first.checkpoint.tensors);
