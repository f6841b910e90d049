/**
 * A thousand steps, and some hundred with the recipe's switches on, leave no tensor behind, in TensorFlow.js' books and in the
 * native library's; there is an evaluation, a state and a restoration every hundred.
 */
import assert from 'node:assert/strict';
import { parseOutcomes } from '../../../src/model/outcome.js';
import { tf } from '../../../src/training/backend.js';
import { batchesOf, fill, windowsOf } from '../../../src/training/log/batches.js';
import { networkScoring } from '../../../src/training/evaluation/evaluation.js';
import { defaultHyperparameters } from '../../../src/training/hyperparameters.js';
import { Learner } from '../../../src/training/graph/learner.js';
import { dimensionsOf } from '../../../src/training/graph/network-sizes.js';
import { Random } from '../../../src/training/random.js';
import { ranksOf } from '../../../src/training/evaluation/scoring.js';
import { leaveOneOut } from '../../../src/training/log/split.js';
import { plantedLog } from '../planted.js';

const recipe = { ...defaultHyperparameters, width: 8, batchPositions: 64, window: 7, labelSmoothing: 0.1 };
const split = leaveOneOut(plantedLog(40, 5));
const windows = windowsOf(split.training, recipe.window);
const random = new Random(1);
const one = Int32Array.of(1);
const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };

for (const [switches, steps] of [
  [{}, 1_000],
  [{ sampledAbove: 0, negatives: 16, averageDecay: 0.9, recencyDecay: 0.8 }, 300],
  [{ heads: 2, kindVectors: true, gapBuckets: 4 }, 200],
  [{ slots: 0 }, 200],
  [{ outcomes: parseOutcomes('view=2'), sampledAbove: 0, negatives: 16 }, 200],
] as const) {
  const hyperparameters = { ...recipe, ...switches };
  const told = { positions: one, wanted: one, unwanted: Int32Array.of(2), weights: Float32Array.of(1) };
  const pairs = 'outcomes' in switches ? told : null;
  const learner = new Learner(hyperparameters, dimensionsOf(split, hyperparameters), split);
  const counts: { readonly known: number; readonly native: number }[] = [];
  for (let done = 0; done < steps;) {
    learner.beginEpoch();
    for (const batch of batchesOf(windows, hyperparameters.batchPositions, random)) {
      learner.step({ ...fill(split.training, batch, learner.dimensions), pairs }, 1e-3);
      if (++done % 100 > 0) continue;
      learner.measureSlots(() => ranksOf(networkScoring(learner, 5), split.validation));
      learner.restore(learner.snapshot());
      learner.restoreState(learner.exportState());
      counts.push({ known: tf.memory().numTensors, native: binding.getNumOfTensors() });
    }
  }
  assert.ok(counts.length >= steps / 100);
  for (const count of counts) assert.deepEqual(count, counts[0]);
}
