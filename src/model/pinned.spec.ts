import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import { slotShares } from './attribution.js';
import { Network } from './network.js';
import { slotsOf } from './slots.js';
import { copyOf, emptyState, encodeState, type UserState } from './user-state.js';

const items = Array.from({ length: 30 }, (_, n) => `item ${n}`);
const checkpoint = randomCheckpoint(items, { width: 16, slots: 3, heads: 2, kinds: ['view'], gaps: 4, blocks: 2 });
const { dimensions } = new Network(checkpoint);
const [heads, slots, part] = [2, 3, 8];
const kernel = new Network(checkpoint);
const plain = new Network(checkpoint, { simd: false });
const rows = Array.from({ length: 12 }, (_, n) => (n * 17) % 31);

/** Keys and values of one slot, of all heads. */
function slotOf(state: UserState, slot: number): number[] {
  const { keys, values } = slotsOf(state, dimensions);
  return Array.from({ length: heads }, (_, head) => (head * slots + slot) * part).flatMap((from) => [
    ...keys.subarray(from, from + part),
    ...values.subarray(from, from + part),
  ]);
}

describe.each([
  ['the kernel', kernel],
  ['its plain twin', plain],
])('a step of %s', (_, network) => {
  it('leaves a pinned slot bit for bit as it is, with gates of 1, and the rest as without the pin', () => {
    const state = network.trace(rows, { kinds: new Int32Array(12).fill(1), gaps: new Int32Array(12).fill(2) }).state;
    for (const pinned of [[1], [0, 2], [0, 1, 2]]) {
      const [held, free] = [copyOf(state), copyOf(state)];
      const gates = network.stepTraced(held, 7, 1, 3, pinned);
      const freeGates = network.stepTraced(free, 7, 1, 3);
      for (let slot = 0; slot < slots; slot++) {
        expect(slotOf(held, slot)).toEqual(slotOf(pinned.includes(slot) ? state : free, slot));
        if (pinned.includes(slot)) expect(slotOf(held, slot)).not.toEqual(slotOf(free, slot));
      }
      gates.forEach((gate, at) => {
        expect(gate).toBe(pinned.includes(at % slots) ? 1 : freeGates[at]);
      });
      const memory = dimensions.blocks * dimensions.width;
      expect(held.numbers.subarray(0, memory)).toEqual(free.numbers.subarray(0, memory));
      expect(held.recent).toEqual(free.recent);
      expect(held.context).toEqual(free.context);
    }
  });

  it('minds the pins of each user of a batch, wherever the batch is cut', () => {
    const pinsOf = (user: number): readonly number[] => [[], [2], [0, 1]][user % 3] ?? [];
    const context = (pinned: readonly (readonly number[])[]) => ({
      kinds: new Int32Array(pinned.length).fill(1),
      gaps: new Int32Array(pinned.length).fill(1),
      pinned,
    });
    const together = Array.from({ length: 70 }, () => emptyState(dimensions));
    const alone = together.map(copyOf);
    for (const row of rows) {
      const own = Int32Array.from(together, (__, user) => (row + user) % 31);
      network.step(together, own, context(together.map((__, user) => pinsOf(user))));
      alone.forEach((state, user) => network.stepTraced(state, own[user] ?? 0, 1, 1, pinsOf(user)));
    }
    expect(together.map((state) => encodeState(state).toString('hex'))).toEqual(
      alone.map((state) => encodeState(state).toString('hex')),
    );
    expect(slotOf(together[1] as UserState, 2).every((number) => number === 0)).toBe(true);
  });
});

it('pins leave the same bits in the kernel and its plain twin, and shares that are exact', () => {
  const sequence = rows.map((row, n) => ({
    itemId: items[row - 1] ?? 'unknown',
    kind: 'view',
    occurredAt: n * 1_000,
    pinned: n >= 4 && n < 9 ? [1] : [],
  }));
  const traces = [kernel, plain].map((network) => {
    const { rows: own, ...context } = network.eventsOf(sequence);
    return network.trace(own, context);
  });
  const [one, other] = traces.map(({ state }) => encodeState(state).toString('hex'));
  expect(one).toBe(other);
  const shares = slotShares(traces[0]?.gates ?? []);
  shares.forEach((share, n) => {
    for (const place of [1, 4]) {
      if (n >= 4 && n < 9) expect(share[place]).toBe(0);
      else expect(share[place]).toBeGreaterThan(0);
    }
  });
});

it('events without pins ask for none', () => {
  const sequence = [{ itemId: 'item 1', kind: 'view', occurredAt: 0, pinned: [] }];
  expect(kernel.eventsOf(sequence).pinned).toBeUndefined();
});
