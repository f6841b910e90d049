import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint, type RandomOptions } from '../../../test/random-checkpoint.js';
import type { Checkpoint, Tensor } from '../checkpoint.js';
import { Network, type NetworkOptions } from '../network.js';
import { emptyState, type UserState } from '../user-state.js';

const items = Array.from({ length: 30 }, (_, n) => `item ${n}`);
const kinds = ['view', 'buy'];

/** Steps users in batches of these sizes, and one more that is traced; every number of their states and the gates as bits, in hex. */
function bitsOf(network: Network, batches: readonly number[]): string[] {
  const states: UserState[] = [];
  batches.forEach((count, event) => {
    while (states.length < count) states.push(emptyState(network.dimensions));
    const numbers = (most: number) => Int32Array.from({ length: count }, (_, n) => (n * 7 + event * 5) % most);
    network.step(states.slice(0, count), numbers(items.length + 1), { kinds: numbers(3), gaps: numbers(5) });
  });
  const traced = emptyState(network.dimensions);
  const gates = network.stepTraced(traced, 3, 1, 2);
  const all = [...states, traced].map(({ numbers }) => numbers).concat(gates);
  expect(all.every((numbers) => numbers.every(Number.isFinite))).toBe(true);
  return all.map((numbers) => Buffer.from(numbers.slice().buffer).toString('hex'));
}

/** The users whose bits are not the same; the gates are the last. */
function different(one: readonly string[], other: readonly string[]): number[] {
  expect(one).toHaveLength(other.length);
  return one.flatMap((bits, user) => (bits === other[user] ? [] : [user]));
}

function twins(checkpoint: Checkpoint, options: NetworkOptions = {}): readonly [Network, Network] {
  return [new Network(checkpoint, { ...options, simd: true }), new Network(checkpoint, { ...options, simd: false })];
}

const networks: readonly RandomOptions[] = [
  { width: 64, slots: 4 },
  { width: 64, slots: 4, heads: 2, blocks: 2, kinds, gaps: 4 },
  { width: 16, slots: 3, heads: 4 },
  { width: 20, slots: 5, heads: 2 },
  { width: 8, slots: 0, blocks: 3 },
  { width: 6, slots: 2, heads: 3, blocks: 2 },
  { width: 5, slots: 3, kinds },
  { width: 3, slots: 1, heads: 3, gaps: 4 },
  { width: 1, slots: 1 },
];

describe.each(networks)('the step kernel of %j', (options) => {
  it.each([true, false])('leaves the bits of its plain twin in batches of any size, rounded to halves: %p', (round) => {
    const [kernel, plain] = twins(randomCheckpoint(items, options), { round });
    const batches = [1, 2, 3, 31, 32, 33, 70];
    expect(different(bitsOf(kernel, batches), bitsOf(plain, batches))).toEqual([]);
  });

  it('reads with the bits of its plain twin, and the attention alone is that of the whole read', () => {
    const [kernel, plain] = twins(randomCheckpoint(items, options));
    const rows = Int32Array.of(1, 3, 2, 1, 4);
    const { state } = plain.trace(rows, { kinds: rows.map((row) => row % 3), gaps: rows.map((row) => row % 4) });
    const { attention, query } = plain.read(state);
    expect(kernel.read(state)).toEqual({ attention, query });
    expect(kernel.attention(state)).toEqual(attention);
    expect(plain.attention(state)).toEqual(attention);
  });

  it('leaves them where the gates are full, numbers are tiny and sums are large', () => {
    const checkpoint = randomCheckpoint(items, options);
    for (const factor of [1e-30, 1e-4, 40, 1e4]) {
      const scaled = ({ shape, data }: Tensor): Tensor =>
        data instanceof Int32Array ? { shape, data } : { shape, data: data.map((number) => number * factor) };
      const tensors = new Map(
        [...checkpoint.tensors].map(([name, tensor]): [string, Tensor] => [
          name,
          /gru|ffn|gate/.test(name) ? scaled(tensor) : tensor,
        ]),
      );
      const [kernel, plain] = twins({ ...checkpoint, tensors });
      expect(different(bitsOf(kernel, [9, 9, 9, 9]), bitsOf(plain, [9, 9, 9, 9]))).toEqual([]);
    }
  });
});

it('the compiled module in the repository is that of its source', () => {
  const build = fileURLToPath(new URL('build.mjs', import.meta.url));
  const compiled = execFileSync(process.execPath, [build, '--print'], { encoding: 'utf8' });
  expect(readFileSync(new URL('kernels-wasm.ts', import.meta.url), 'utf8')).toBe(compiled);
});
