import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { checkpointOf, readFixture } from '../../test/golden/reference.js';
import { slotShares } from './attribution.js';
import type { Checkpoint } from './checkpoint.js';
import { Network } from './network.js';
import { slotsOf, valueOf } from './slots.js';
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

  it('leaves the bits that this arithmetic left on every machine so far: for others, raise `arithmetic` in user-state', () => {
    const bytes = sequences(20, 50, 9).map((rows) => encodeState(network.trace(rows).state));
    expect(createHash('sha256').update(Buffer.concat(bytes)).digest('hex').slice(0, 16)).toBe('6c51d5b302c5aa4d');
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

  it('adds the blend to the scores: rules, and what an item of before the last one gains', () => {
    const plain = checkpointOf(golden);
    const offsets = Int32Array.from({ length: 32 }, (_, row) => (row > 4 ? 2 : 0)); // row 4 leads to 6 and 8
    const tensors = new Map(plain.tensors)
      .set('rules.offsets', { shape: [32], data: offsets })
      .set('rules.items', { shape: [2], data: Int32Array.of(6, 8) })
      .set('rules.values', { shape: [2], data: Float32Array.of(0.5, 2) });
    const ruled: Checkpoint = { ...plain, tensors, blend: { weight: 3, scale: 10, placePower: 0.4, repeat: 1.5 } };
    const { state } = network.trace([4, 9]);
    const gain = new Network(ruled).scores(state).map((score, at) => score - (network.scores(state)[at] ?? NaN));
    expect(gain[5]).toBeCloseTo(3 * Math.log(1 + (10 * 0.5) / 2 ** 0.4), 4);
    expect(gain[7]).toBeCloseTo(3 * Math.log(1 + (10 * 2) / 2 ** 0.4), 4);
    expect(gain[3]).toBeCloseTo(1.5 / 2 ** 0.4, 4);
    expect(gain.filter((value) => value !== 0)).toHaveLength(3);
    const u = network.query(state);
    const one = Array.from(gain, (_, at) => new Network(ruled).scoreOf(state, u, at + 1));
    expect(one).toEqual([...new Network(ruled).scores(state)]);
    expect(
      new Network({ ...ruled, blend: { weight: 0, scale: 10, placePower: 0.4, repeat: 0 } }).scores(state),
    ).toEqual(network.scores(state));
  });

  it('refuses the vector of a row outside of the table', () => {
    expect(() => network.itemVector(31)).toThrow(/row 31/);
    expect(() => network.itemVector(NaN)).toThrow(/row NaN/);
  });
});

describe('a trace', () => {
  it.each(['network-d8-s4.json', 'network-d8-s4-h2.json'] as const)(
    'tells by its gates what the slots of %s hold: attention and shares of each head give the values of the memory',
    (name) => {
      const exact = new Network(checkpointOf(readFixture(name)), { round: false });
      const { width, slots, heads } = exact.dimensions;
      const part = width / heads;
      const rows = sequences(1, 20, 4)[0] ?? [];
      const { state, gates } = exact.trace(rows);
      const attention = exact.attention(state);
      const shares = slotShares(gates);
      const values = slotsOf(state, exact.dimensions).values;
      // each event's mark in full: a memory of one event whose gates are known, slot 0 of each head holds (1 - f) V(x)
      const marks = rows.map((row) => {
        const alone = exact.trace([row]);
        const slot = valueOf(slotsOf(alone.state, exact.dimensions), exact.dimensions, 0);
        return slot.map((value, at) => value / (1 - (alone.gates[0]?.[Math.floor(at / part) * slots] ?? NaN)));
      });
      const factors = new Array<number>(rows.length).fill(0); // mean over the numbers of the read
      for (let at = 0; at < width; at++) {
        const first = Math.floor(at / part) * slots; //       the head's first slot
        const places = Array.from({ length: slots }, (_, slot) => first + slot);
        const factor = (t: number): number =>
          places.reduce((sum, place) => sum + (attention[place] ?? NaN) * (shares[t]?.[place] ?? NaN), 0);
        const read = places.reduce(
          (sum, place) => sum + (attention[place] ?? NaN) * (values[place * part + (at % part)] ?? NaN),
          0,
        );
        expect(marks.reduce((sum, mark, t) => sum + factor(t) * (mark[at] ?? NaN), 0)).toBeCloseTo(read, 4);
        factors.forEach((sum, t) => (factors[t] = sum + factor(t) / width));
      }
      exact.attribution(gates, attention).forEach((share, t) => {
        expect(share).toBeCloseTo(factors[t] ?? NaN, 6);
      });
    },
  );
});

describe('a network with kinds and gaps', () => {
  const items = ['a', 'b', 'c'];
  const looking = new Network(randomCheckpoint(items, { heads: 2, slots: 2, kinds: ['view', 'buy'], gaps: 4 }));
  const minute = 60_000;
  const history = [
    { itemId: 'a', kind: 'view', occurredAt: 1_000 },
    { itemId: 'c', kind: 'buy', occurredAt: new Date(1_000 + 5 * minute) },
    { itemId: 'x', kind: 'wish', occurredAt: 2_000 + 5 * minute },
    { itemId: 'b', kind: 'view', occurredAt: null },
    { itemId: 'b', kind: 'view', occurredAt: 9 * minute },
  ];

  it('sees rows, kinds counted from 1, and the gaps to the event before', () => {
    expect(looking.eventsOf(history)).toEqual({
      rows: Int32Array.of(1, 3, 0, 2, 2),
      kinds: Int32Array.of(1, 2, 0, 1, 1),
      gaps: Int32Array.of(0, 2, 1, 0, 0),
    });
    expect(looking.eventsOf(history.slice(0, 1), 500).gaps).toEqual(Int32Array.of(1));
  });

  it('leaves the same bits in parts that know when the part before ended, in batches, and from its bytes', () => {
    const known = history.slice(0, 3);
    const all = looking.eventsOf(known);
    const whole = bytesOf([looking.trace(all.rows, all).state]);
    let state = emptyState(looking.dimensions);
    let before: number | null = null;
    for (const one of known) {
      state = decodeState(looking.dimensions, encodeState(state));
      const { rows, ...context } = looking.eventsOf([one], before);
      looking.step([emptyState(looking.dimensions), state], Int32Array.of(1, ...rows), {
        kinds: Int32Array.of(2, ...context.kinds),
        gaps: Int32Array.of(0, ...context.gaps),
      });
      before = one.occurredAt?.valueOf() ?? null;
    }
    expect(bytesOf([state])).toEqual(whole);
  });

  it('answers by the kind and the gap of the last event, which it keeps', () => {
    const { state } = looking.trace([1, 2], { kinds: Int32Array.of(1, 2), gaps: Int32Array.of(0, 3) });
    expect([...state.context]).toEqual([2, 3]);
    const other = { ...state, context: Int32Array.of(1, 3) };
    expect(looking.query(other)).not.toEqual(looking.query(state));
    expect(looking.query({ ...state, context: Int32Array.of(2, 1) })).not.toEqual(looking.query(state));
    expect(looking.query(decodeState(looking.dimensions, encodeState(state)))).toEqual(looking.query(state));
  });

  it('refuses events whose kinds or gaps are not given, and changes nothing', () => {
    const state = emptyState(looking.dimensions);
    expect(() => looking.stepTraced(state, 1)).toThrow(/needs the kind and the time gap/);
    expect(() => {
      looking.step([state], Int32Array.of(1), { kinds: Int32Array.of(1) });
    }).toThrow(/needs the kind and the time gap/);
    expect(bytesOf([state])).toEqual(bytesOf([emptyState(looking.dimensions)]));
  });
});

describe('a network without slots', () => {
  const plain = new Network(randomCheckpoint(['a', 'b', 'c'], { slots: 0 }));

  it('answers by the hidden state alone, and has neither gates nor attention', () => {
    const { state, gates } = plain.trace([1, 2, 3]);
    expect(state.numbers).toHaveLength(8);
    expect(gates.map(({ length }) => length)).toEqual([0, 0, 0]);
    expect(plain.attention(state)).toHaveLength(0);
    expect([...plain.attribution(gates, plain.attention(state))]).toEqual([0, 0, 0]);
    expect(plain.scores(state)).not.toEqual(plain.scores(plain.trace([3, 2, 1]).state));
  });
});
