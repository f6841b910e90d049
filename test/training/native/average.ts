/** The kept weights are the moving average of the steps' weights, and putting weights back puts back both. */
import assert from 'node:assert/strict';
import { tf } from '../../../src/training/backend.js';
import { Optimizer } from '../../../src/training/optimizer/optimizer.js';

const start = Float32Array.of(1, -2, 3);
const optimizer = new Optimizer(new Map([['w', { shape: [3], data: start }]]), 0.3);
const now = () => tf.tidy(() => [...(optimizer.read().get('w')?.dataSync() ?? [])]);
const kept = () => [...(optimizer.snapshot().get('w')?.data ?? [])];

let expected = [...start];
for (let step = 1; step <= 4; step++) {
  tf.tidy(() => optimizer.apply(new Map([['w', tf.tensor1d([1, -1, step])]]), 0.1, 100));
  const decay = Math.min(0.3, (1 + step) / (10 + step));
  const weights = now();
  expected = expected.map((average, at) => decay * average + (1 - decay) * (weights[at] ?? Number.NaN));
  kept().forEach((number, at) => {
    assert.ok(Math.abs(number - (expected[at] ?? Number.NaN)) < 1e-6, `step ${step}: ${number}, not ${expected[at]}`);
  });
  assert.notDeepEqual(kept(), weights);
}
assert.deepEqual([...start], [1, -2, 3], 'the given numbers are left alone');

optimizer.restore(new Map([['w', { shape: [3], data: start }]]));
assert.deepEqual([now(), kept()], [[...start], [...start]]);

const without = new Optimizer(new Map([['w', { shape: [3], data: start }]]));
tf.tidy(() => without.apply(new Map([['w', tf.tensor1d([1, 1, 1])]]), 0.1, 100));
assert.deepEqual(
  [...(without.snapshot().get('w')?.data ?? [])],
  tf.tidy(() => [...(without.read().get('w')?.dataSync() ?? [])]),
);
