import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { checkpointOf, readFixture } from '../../test/golden/reference.js';
import type { Checkpoint } from './checkpoint.js';
import { Network } from './network.js';
import { emptyState, encodeState, decodeState } from './user-state.js';
import type { UserState } from './user-state.js';

const golden = readFixture('network-d8-s4.json');
const network = new Network(checkpointOf(golden));
const { dimensions } = network;

/** Sequences of rows that repeat for the same seed. */
function sequences(users: number, length: number, seed: number): number[][] {
  let state = seed;
  const next = () => (state = (state * 48_271) % 2_147_483_647);
  return Array.from({ length: users }, () => Array.from({ length }, () => next() % (dimensions.items + 1)));
}

function bytesOf(states: readonly UserState[]): string[] {
  return states.map((state) => encodeState(state).toString('hex'));
}

describe('a step', () => {
  it('leaves the same bits in a batch of any size and order', () => {
    const users = sequences(75, 6, 1);
    const alone = bytesOf(users.map((rows) => network.trace(rows).state));
    for (const size of [1, 2, 31, 32, 33, 75]) {
      const states = users.map(() => emptyState(dimensions));
      for (let t = 0; t < 6; t++) {
        for (let from = users.length; from > 0; from -= size) {
          const batch = users.map((_, user) => user).slice(Math.max(0, from - size), from);
          const rows = Int32Array.from(batch, (user) => users[user]?.[t] ?? NaN);
          network.step(
            batch.map((user) => states[user] as UserState),
            rows,
          );
        }
      }
      expect(bytesOf(states)).toEqual(alone);
    }
  });

  it('leaves the bits that it left in every version and on every engine so far, or live memories no longer equal a replay', () => {
    const bytes = sequences(20, 50, 9).map((rows) => encodeState(network.trace(rows).state));
    expect(createHash('sha256').update(Buffer.concat(bytes)).digest('hex').slice(0, 16)).toBe('c043ab3983cc8bbd');
  });

  it('goes on from a stored memory as it would have without storing it', () => {
    for (const rows of sequences(5, 30, 2)) {
      const stored = emptyState(dimensions);
      let state = stored;
      for (const row of rows) {
        state = decodeState(dimensions, encodeState(state));
        network.stepTraced(state, row);
      }
      expect(bytesOf([state])).toEqual(bytesOf([network.trace(rows).state]));
    }
  });

  it('keeps every number of a memory a half', () => {
    const { state } = network.trace(sequences(1, 40, 3)[0] ?? []);
    expect([...decodeState(dimensions, encodeState(state)).numbers]).toEqual([...state.numbers]);
  });

  it('applies an item that the model does not know as row 0, and remembers its place', () => {
    const { state } = network.trace([3, 0, 5]);
    expect([...state.recent]).toEqual([5, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    expect(bytesOf([state])).not.toEqual(bytesOf([network.trace([3, 5]).state]));
  });

  it('refuses a row outside of the table, a user who stands in it twice, and rows that do not fit the users', () => {
    const state = emptyState(dimensions);
    expect(() => network.stepTraced(state, dimensions.items + 1)).toThrow(/row 31 is outside/);
    expect(() => network.stepTraced(state, -1)).toThrow(/row -1 is outside/);
    expect(() => {
      network.step([state, state], Int32Array.of(1, 2));
    }).toThrow(/twice/);
    expect(() => {
      network.step([state], Int32Array.of(1, 2));
    }).toThrow(/1 users have 2 events/);
    expect(bytesOf([state])).toEqual(bytesOf([emptyState(dimensions)]));
  });
});

describe('a query', () => {
  it('changes nothing and comes out the same again', () => {
    const { state } = network.trace([1, 2, 3]);
    const before = bytesOf([state]);
    expect(network.query(state)).toEqual(network.query(state));
    expect(bytesOf([state])).toEqual(before);
  });

  it('attends over all slots, with shares that add up to one', () => {
    const attention = network.attention(network.trace([1, 2, 3]).state);
    expect(attention).toHaveLength(dimensions.slots);
    expect(attention.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(Math.min(...attention)).toBeGreaterThan(0);
  });

  it('answers for a user without interactions', () => {
    const scores = network.scores(emptyState(dimensions));
    expect(scores).toHaveLength(dimensions.items);
    expect(scores.every(Number.isFinite)).toBe(true);
  });

  it('scores an item by its vector and its bias', () => {
    const { state } = network.trace([4, 9]);
    const u = network.query(state);
    const bias = golden.weights.b as readonly number[];
    const byHand = network.itemVector(7).reduce((sum, value, at) => sum + value * (u[at] ?? NaN), bias[6] ?? NaN);
    expect(network.scores(state)[6]).toBeCloseTo(byHand, 5);
    expect(network.scores(state, new Float32Array(dimensions.width))[6]).toBeCloseTo(bias[6] ?? NaN, 6);
  });

  it('adds the rules to the scores where their weight is not zero', () => {
    const plain = checkpointOf(golden);
    const offsets = Int32Array.from({ length: 32 }, (_, row) => (row > 4 ? 2 : 0)); // row 4 leads to 6 and 8
    const tensors = new Map(plain.tensors)
      .set('rules.offsets', { shape: [32], data: offsets })
      .set('rules.items', { shape: [2], data: Int32Array.of(6, 8) })
      .set('rules.values', { shape: [2], data: Float32Array.of(0.5, 2) });
    const ruled: Checkpoint = { ...plain, tensors, blend: { weight: 3, scale: 10 } };
    const { state } = network.trace([4, 9]);
    const gain = new Network(ruled).scores(state).map((score, at) => score - (network.scores(state)[at] ?? NaN));
    expect(gain[5]).toBeCloseTo(3 * Math.log(1 + (10 * 0.5) / 2), 4);
    expect(gain[7]).toBeCloseTo(3 * Math.log(1 + (10 * 2) / 2), 4);
    expect(gain.filter((value) => value !== 0)).toHaveLength(2);
    expect(new Network({ ...ruled, blend: { weight: 0, scale: 10 } }).scores(state)).toEqual(network.scores(state));
  });

  it('refuses the vector of a row outside of the table', () => {
    expect(() => network.itemVector(31)).toThrow(/row 31/);
    expect(() => network.itemVector(NaN)).toThrow(/row NaN/);
  });
});

describe('a trace', () => {
  it('tells by its gates what the slots hold: the values that attention and shares give are those of the memory', () => {
    const exact = new Network(checkpointOf(golden), { round: false });
    const rows = sequences(1, 20, 4)[0] ?? [];
    const { state, gates } = exact.trace(rows);
    const attention = exact.attention(state);
    const shares = exact.attribution(gates, attention);
    // the first event's mark in full: a memory of one event whose gates are known
    const marks = rows.map((row) => {
      const alone = exact.trace([row]);
      return [...alone.state.numbers.subarray(5 * dimensions.width, 6 * dimensions.width)].map(
        (value) => value / (1 - (alone.gates[0]?.[0] ?? NaN)), // slot 0 holds (1 - f) V(x)
      );
    });
    const values = state.numbers.subarray(5 * dimensions.width);
    for (let at = 0; at < dimensions.width; at++) {
      const read = attention.reduce((sum, share, s) => sum + share * (values[s * dimensions.width + at] ?? NaN), 0);
      const attributed = shares.reduce((sum, share, t) => sum + share * (marks[t]?.[at] ?? NaN), 0);
      expect(attributed).toBeCloseTo(read, 4);
    }
  });
});
