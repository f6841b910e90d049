/**
 * The loss and the gradient of every parameter equal PyTorch's, whatever the chunks of the memory and of the loss; that of item
 * vectors of one length equals central differences in double precision.
 */
import assert from 'node:assert/strict';
import { tf, type Tensor } from '../../../src/training/backend.js';
import { encode, sequencesOf } from '../../../src/training/graph/graph.js';
import { attributeBags, itemTable, outputTable } from '../../../src/training/graph/item-table.js';
import { weight } from '../../../src/training/graph/layers.js';
import { crossEntropy } from '../../../src/training/loss/loss.js';
import { attributesOf, dimensionsOf, parametersOf, readFixture } from '../../golden/reference.js';

/** Of a parameter's largest gradient: this side has single precision. */
const tolerance = 1e-4;
for (const fixture of ['network-training-d8-s4.json', 'network-training-d8-s4-h2.json'] as const) {
  const file = readFixture(fixture);
  const expected = parametersOf(file.gradients);
  const parameters = parametersOf(file.weights);
  const names = [...parameters.keys()];

  const steps = Math.max(...file.sequences.map((sequence) => sequence.length)) - 1;
  const users = file.sequences.length;
  const rows = new Int32Array(steps * users);
  const kinds = new Int32Array(rows.length);
  const gaps = new Int32Array(rows.length);
  const places: { readonly position: number; readonly target: number }[] = [];
  file.sequences.forEach((sequence, user) => {
    sequence.slice(1).forEach((target, t) => {
      rows[t * users + user] = sequence[t] ?? 0;
      kinds[t * users + user] = file.kinds?.[user]?.[t] ?? 0;
      gaps[t * users + user] = file.gaps?.[user]?.[t] ?? 0;
      places.push({ position: t * users + user, target });
    });
  });
  const positions = Int32Array.from(places, ({ position }) => position);
  const sequences = sequencesOf({ rows, kinds, gaps, positions, steps, users });
  const targets = tf.tensor1d(Int32Array.from(places, ({ target }) => target));

  const bags = attributeBags(attributesOf(file), dimensionsOf(file).attributes);

  for (const [chunk, lossRows] of [
    [32, 512],
    [4, 5],
    [1, 17],
  ] as const) {
    const { value, grads } = tf.valueAndGrads((...tensors) => {
      const weights = new Map(names.map((name, index) => [name, tensors[index] as Tensor]));
      const table = itemTable(weights, bags);
      const u = encode(weights, table, sequences, { blocks: 1, chunk, heads: file.sizes.heads }, null);
      return crossEntropy(u, table, weight(weights, 'output.bias'), targets, { rows: lossRows });
    })([...parameters.values()].map(({ data, shape }) => tf.tensor(data, [...shape])));

    const loss = value.dataSync()[0] ?? Number.NaN;
    assert.ok(Math.abs(loss - file.loss) < 1e-5, `the loss of ${fixture} is ${loss}, PyTorch has ${file.loss}`);
    assert.deepEqual([...expected.keys()], names, 'the file has a gradient for every parameter');
    names.forEach((name, index) => {
      const mine = grads[index]?.dataSync() ?? [];
      const theirs = expected.get(name)?.data ?? new Float32Array();
      assert.equal(mine.length, theirs.length, `size of the gradient of ${name}`);
      const largest = theirs.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      theirs.forEach((number, at) => {
        const difference = Math.abs((mine[at] ?? Number.NaN) - number);
        assert.ok(
          difference <= tolerance * largest,
          `${fixture}: d loss / d ${name}[${at}] is ${mine[at]}, PyTorch has ${number}`,
        );
      });
    });
  }
}

const [rows, width, length] = [5, 4, 1.5];
const vectors = Float64Array.from({ length: rows * width }, (_, at) => Math.fround(Math.sin(7 * at) / (1 + (at % 3))));
const towards = Float64Array.from(vectors, (_, at) => Math.fround(Math.cos(3 * at)));
/** sum over rows of towards . L e / |e| */
const along = (table: Float64Array): number =>
  towards.reduce((sum, weight, at) => {
    const from = at - (at % width);
    return sum + (weight * length * (table[at] ?? 0)) / Math.hypot(...table.subarray(from, from + width));
  }, 0);
const scaled = tf
  .grad((table: Tensor) =>
    tf.sum(tf.mul(outputTable(table, length), tf.tensor2d(Float32Array.from(towards), [rows, width]))),
  )(tf.tensor2d(Float32Array.from(vectors), [rows, width]))
  .dataSync();
vectors.forEach((_, at) => {
  const moved = (by: number) => along(vectors.map((value, place) => (place === at ? value + by : value)));
  const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
  assert.ok(Math.abs((scaled[at] ?? NaN) - difference) < 1e-4, `d O[${at}] is ${scaled[at]}, expected ${difference}`);
});
