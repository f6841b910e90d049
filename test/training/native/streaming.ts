/** The graph over whole sequences equals PyTorch's network and src/model's, which take one event at a time. */
import assert from 'node:assert/strict';
import { Network } from '../../../src/model/network.js';
import { emptyState } from '../../../src/model/user-state.js';
import { multiply, read, tf } from '../../../src/training/backend.js';
import { encode } from '../../../src/training/graph.js';
import { weight } from '../../../src/training/layers.js';
import { checkpointOf, dimensionsOf, parametersOf, readFixture } from '../../golden/reference.js';

const tolerance = 1e-4;

for (const name of ['network-d8-s4.json', 'network-d8-s2-l2.json'] as const) {
  const file = readFixture(name);
  const dimensions = dimensionsOf(file);
  const parameters = parametersOf(file.weights);
  const weights = new Map([...parameters].map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
  const table = weight(weights, 'item.embedding');
  const users = file.sequences.length;
  const steps = file.sequences[0]?.length ?? 0;
  const rows = tf.tensor1d(
    Int32Array.from({ length: steps * users }, (_, at) => file.sequences[at % users]?.[Math.floor(at / users)] ?? 0),
  );
  const positions = tf.tensor1d(Int32Array.from({ length: steps * users }, (_, at) => at));

  const network = new Network(checkpointOf(file), { round: false });
  const states = file.sequences.map(() => emptyState(dimensions));

  for (const chunk of [32, 5, 1]) {
    const sizes = { blocks: dimensions.blocks, chunk };
    const u = read(() => encode(weights, table, { rows, positions, steps, users }, sizes, null)); // [T*B d]
    const scores = read(() => {
      const all = multiply(tf.tensor2d(u, [steps * users, dimensions.width]), table, { b: true });
      return tf.add(all, tf.concat([tf.zeros([1]), weight(weights, 'output.bias')])); // [T*B N]
    });
    file.steps.forEach((step, t) => {
      for (let user = 0; user < users; user++) {
        const at = t * users + user;
        same(
          u.subarray(at * dimensions.width, (at + 1) * dimensions.width),
          step.u[user] ?? [],
          `u of ${name}, event ${t}`,
        );
        const mine = scores.subarray(at * (dimensions.items + 1) + 1, (at + 1) * (dimensions.items + 1));
        same(mine, step.scores[user] ?? [], `scores of ${name}, event ${t}`);
      }
    });
  }

  file.steps.forEach((step, t) => {
    network.step(
      states,
      Int32Array.from(file.sequences, (sequence) => sequence[t] ?? 0),
    );
    states.forEach((state, user) => {
      same(network.query(state), step.u[user] ?? [], `u of src/model for ${name}, event ${t}`);
      same(network.scores(state), step.scores[user] ?? [], `scores of src/model for ${name}, event ${t}`);
    });
  });
}

function same(mine: ArrayLike<number>, theirs: readonly number[], what: string): void {
  assert.equal(mine.length, theirs.length, `size of ${what}`);
  theirs.forEach((number, at) => {
    const found = mine[at] ?? Number.NaN;
    assert.ok(Math.abs(found - number) < tolerance, `${what}: [${at}] is ${found}, PyTorch has ${number}`);
  });
}
