import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { integers, tensorsOf } from '../../model/tensors.js';
import { gateBiases, initialParameters } from './parameters.js';

const dimensions = {
  width: 8,
  slots: 4,
  blocks: 2,
  items: 30,
  attributes: 5,
  heads: 1,
  kinds: 0,
  gaps: 0,
  outputLength: 0,
};

describe('initialParameters', () => {
  it('are the trained tensors of a checkpoint, in its shapes', () => {
    const trained = [...tensorsOf(dimensions)].filter(([name]) => !integers.has(name) && name !== 'rules.values');
    const parameters = [...initialParameters(dimensions, 1)];
    expect(new Map(parameters.map(([name, { shape }]) => [name, shape]))).toEqual(new Map(trained));
    for (const [, { shape, data }] of parameters) expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
  });

  it.each([
    { heads: 2 },
    { heads: 4, slots: 1 },
    { slots: 0 },
    { kinds: 3, gaps: 6 },
    { heads: 2, slots: 8, kinds: 1, gaps: 1, attributes: 0 },
  ])('are those of a checkpoint with %o too', (switches) => {
    const sizes = { ...dimensions, ...switches };
    const trained = [...tensorsOf(sizes)].filter(([name]) => !integers.has(name) && name !== 'rules.values');
    const parameters = [...initialParameters(sizes, 1)];
    expect(new Map(parameters.map(([name, { shape }]) => [name, shape]))).toEqual(new Map(trained));
    for (const [, { shape, data }] of parameters) expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
  });

  it('are bit for bit those of every version so far while the switches are off', () => {
    const hash = createHash('sha256');
    for (const [name, { data }] of initialParameters(dimensions, 7)) hash.update(name).update(data);
    expect(hash.digest('hex').slice(0, 16)).toBe('780f4bb003f36755');
  });

  it('draw nothing for kinds and gaps, whose vectors start at zero', () => {
    const more = initialParameters({ ...dimensions, kinds: 2, gaps: 3 }, 1);
    for (const [name, parameter] of initialParameters(dimensions, 1)) expect(more.get(name)).toEqual(parameter);
    expect(more.get('kind.embedding')?.data).toEqual(new Float32Array(24));
    expect(more.get('gap.embedding')?.data).toEqual(new Float32Array(32));
  });

  it('start the gates of every head with the same half-lives', () => {
    const { data } = initialParameters({ ...dimensions, heads: 2 }, 1).get('memory.gate.bias') ?? {};
    expect([...(data ?? [])]).toEqual([...Float32Array.from(gateBiases(4)), ...Float32Array.from(gateBiases(4))]);
  });

  it('come out the same for the same seed', () => {
    expect(initialParameters(dimensions, 1)).toEqual(initialParameters(dimensions, 1));
    expect(initialParameters(dimensions, 1)).not.toEqual(initialParameters(dimensions, 2));
  });

  it('leave the unknown item and the memory’s output at zero', () => {
    const parameters = initialParameters(dimensions, 1);
    expect(parameters.get('item.embedding')?.data.subarray(0, 8)).toEqual(new Float32Array(8));
    expect(
      parameters
        .get('item.embedding')
        ?.data.subarray(8)
        .every((value) => value !== 0),
    ).toBe(true);
    expect(parameters.get('memory.output.weight')?.data).toEqual(new Float32Array(64));
  });

  it('start the recurrent half of each gate orthogonal', () => {
    const { data } = initialParameters(dimensions, 1).get('block.1.gru.gates.weight') ?? { data: new Float32Array() };
    const column = (gate: number, c: number) =>
      Array.from({ length: 8 }, (_, r) => data[(8 + r) * 16 + gate * 8 + c] ?? 0);
    for (const gate of [0, 1]) {
      for (const [a, b] of [
        [0, 0],
        [3, 3],
        [0, 1],
        [2, 7],
      ] as const) {
        const product = column(gate, a).reduce((sum, value, r) => sum + value * (column(gate, b)[r] ?? 0), 0);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 5);
      }
    }
  });

  it('start the write gates with half-lives from 1 to 100 events', () => {
    const halfLives = gateBiases(4).map((bias) => Math.log(0.5) / Math.log(1 / (1 + Math.exp(-bias))));
    expect(halfLives[0]).toBeCloseTo(1, 6);
    expect(halfLives[1]).toBeCloseTo(100 ** (1 / 3), 6);
    expect(halfLives[3]).toBeCloseTo(100, 6);
    expect(gateBiases(1)).toHaveLength(1);
  });
});
