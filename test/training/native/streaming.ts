/**
 * The graph over whole sequences equals PyTorch's network and src/model's, which take one event at a time; and src/model's for
 * random weights and every combination of the network's switches.
 */
import assert from 'node:assert/strict';
import { Network } from '../../../src/model/network.js';
import { emptyState } from '../../../src/model/user-state.js';
import { multiply, read, tf, type Tensor } from '../../../src/training/backend.js';
import { encode, sequencesOf } from '../../../src/training/graph/graph.js';
import { attributeBags, itemTable, outputTable } from '../../../src/training/graph/item-table.js';
import { weight } from '../../../src/training/graph/layers.js';
import { checkpointOf, dimensionsOf, parametersOf, readFixture } from '../../golden/reference.js';
import { randomCheckpoint, type RandomOptions } from '../../random-checkpoint.js';

const tolerance = 1e-4;

for (const name of ['network-d8-s4.json', 'network-d8-s2-l2.json', 'network-d8-s4-h2.json'] as const) {
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
    const sizes = { ...dimensions, chunk };
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

const each = <Value>(values: readonly Value[], more: (value: Value) => RandomOptions): readonly RandomOptions[] =>
  values.map(more);
const tables: readonly (readonly RandomOptions[])[] = [
  each([1, 2, 4], (heads) => ({ heads })),
  each([0, 1, 4, 8], (slots) => ({ slots })),
  each([1, 2], (blocks) => ({ blocks })),
  each([[], ['view', 'buy']], (kinds) => ({ kinds })),
  each([0, 5], (gaps) => ({ gaps })),
  each([0, 3], (attributes) => ({ attributes })),
  each([0, 1.5], (outputLength) => ({ outputLength })),
];
const cases = tables.reduce((all, some) => all.flatMap((one) => some.map((more) => ({ ...one, ...more }))), [{}]);
assert.equal(cases.length, 3 * 4 * 2 * 2 * 2 * 2 * 2);
cases.forEach(compare);

/** A network of random weights: u, the read and the scores after each event of three users, by the graph in chunks and event by event. */
function compare(options: RandomOptions, seed: number): void {
  const [steps, users, items] = [7, 3, 11];
  const checkpoint = randomCheckpoint(
    Array.from({ length: items }, (_, n) => `item ${n}`),
    { ...options, seed: seed + 1 },
  );
  const { dimensions, tensors } = checkpoint;
  const { kinds, gaps, attributes, width, heads, slots } = dimensions;
  const network = new Network(checkpoint, { round: false });
  const column = (most: number, step: number) =>
    Int32Array.from({ length: steps * users }, (_, at) => (at * step + seed) % (most + 1));
  const events = { rows: column(items, 5), kinds: column(kinds, 7), gaps: column(gaps, 4) };
  const positions = Int32Array.from(events.rows, (_, at) => at);
  const [offsets, ids] = ['offsets', 'ids'].map((name) => tensors.get(`item.attribute.${name}`)?.data);
  for (const chunk of [32, 3]) {
    let attention: Float32Array = new Float32Array(); //        [T*B H S]; none without slots
    const onAttention = (ofQueries: Tensor) => {
      assert.deepEqual(ofQueries.shape, [steps * users, heads, slots]);
      attention = Float32Array.from(ofQueries.dataSync());
    };
    let scores: Float32Array = new Float32Array(); //           [T*B N-1]
    const u = read(() => {
      const floats = [...tensors].filter(([, { data }]) => data instanceof Float32Array);
      const weights = new Map(floats.map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
      const bags =
        offsets instanceof Int32Array && ids instanceof Int32Array ? attributeBags({ offsets, ids }, attributes) : null;
      const sequences = sequencesOf({ ...events, positions, steps, users });
      const table = itemTable(weights, bags);
      const u = encode(weights, table, sequences, { ...dimensions, chunk }, null, onAttention); // [T*B d]
      const all = multiply(u, outputTable(table, dimensions.outputLength), { b: true });
      scores = Float32Array.from(
        tf.add(tf.slice(all, [0, 1], [steps * users, items]), weight(weights, 'output.bias')).dataSync(),
      );
      return u;
    });
    const states = Array.from({ length: users }, () => emptyState(dimensions));
    for (let t = 0; t < steps; t++) {
      const [from, to] = [t * users, (t + 1) * users];
      const context = { kinds: events.kinds.subarray(from, to), gaps: events.gaps.subarray(from, to) };
      network.step(states, events.rows.subarray(from, to), context);
      states.forEach((state, user) => {
        const mine = u.subarray((from + user) * width, (from + user + 1) * width);
        const what = `${JSON.stringify(options)}, event ${t}, chunks of ${chunk}`;
        same(mine, [...network.query(state)], `u of ${what}`);
        const places = heads * slots;
        const reads = attention.subarray((from + user) * places, (from + user + 1) * places);
        same(reads, [...network.attention(state)], `attention of ${what}`);
        const ofUser = scores.subarray((from + user) * items, (from + user + 1) * items);
        same(ofUser, [...network.scores(state)], `scores of ${what}`);
      });
    }
  }
}

function same(mine: ArrayLike<number>, theirs: readonly number[], what: string): void {
  assert.equal(mine.length, theirs.length, `size of ${what}`);
  theirs.forEach((number, at) => {
    const found = mine[at] ?? Number.NaN;
    assert.ok(Math.abs(found - number) < tolerance, `${what}: [${at}] is ${found}, expected ${number}`);
  });
}
