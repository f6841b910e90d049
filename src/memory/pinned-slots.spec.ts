import { describe, expect, it } from '@jest/globals';
import type { PinRow } from '../storage/slot-pin.store.js';
import { PinnedSlots } from './pinned-slots.js';

const pinnedAt = new Date('2026-01-01T00:00:00Z');
const pin = (slot: number, from: readonly [number, string], until: readonly [number, string] | null): PinRow => ({
  ...{ userId: 'ann', slot, pinnedAt },
  ...{ fromOccurredAt: new Date(from[0]), fromArrival: from[1] },
  ...{ untilOccurredAt: until === null ? null : new Date(until[0]), untilArrival: until?.[1] ?? null },
});

describe('pinned slots', () => {
  const pins = new PinnedSlots([
    pin(0, [1_000, '9'], null),
    pin(1, [1_000, '9'], [2_000, '12']),
    pin(1, [3_000, '20'], null),
  ]);

  it.each([
    ['before the place, though it came later', 999, '50', []],
    ['the event at the place', 1_000, '9', []],
    ['of the same time, arrived before', 1_000, '8', []],
    ['of the same time, arrived later', 1_000, '10', [0, 1]],
    ['behind the place', 1_001, '2', [0, 1]],
    ['the event at the end', 2_000, '12', [0, 1]],
    ['of the time of the end, arrived later', 2_000, '100', [0]],
    ['behind the end', 2_001, '3', [0]],
    ['behind the next pin', 3_001, '21', [0, 1]],
  ])('are asked for an event %s', (_, occurredAt, arrival, slots) => {
    expect(pins.at('ann', { occurredAt, arrival })).toEqual(slots);
  });

  it('take an event that arrives now as one behind all of its time', () => {
    expect(pins.at('ann', { occurredAt: 1_000 })).toEqual([0, 1]);
    expect(pins.at('ann', { occurredAt: 2_000 })).toEqual([0]);
    expect(pins.at('ann', { occurredAt: 999 })).toEqual([]);
  });

  it('are those of the user alone', () => {
    expect(pins.at('bob', { occurredAt: 5_000 })).toEqual([]);
    expect(pins.since('ann', { occurredAt: Infinity })).toEqual(new Map([0, 1].map((slot) => [slot, pinnedAt])));
  });
});
