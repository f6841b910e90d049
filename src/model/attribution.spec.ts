import { describe, expect, it } from '@jest/globals';
import { attribution, overHeads, slotShares } from './attribution.js';

const gates = [Float32Array.of(0.5, 0.75), Float32Array.of(0.25, 1), Float32Array.of(0.5, 0)];

describe('attribution', () => {
  it('gives each interaction what its write left after all later fading', () => {
    expect(slotShares(gates).map((shares) => [...shares])).toEqual([
      [0.5 * 0.25 * 0.5, 0.25 * 1 * 0],
      [0.75 * 0.5, 0],
      [0.5, 1],
    ]);
  });

  it('weighs the shares of the slots by the attention', () => {
    expect([...attribution(gates, Float32Array.of(0.5, 0.5))]).toEqual([0.03125, 0.1875, 0.75]);
    expect([...attribution(gates, Float32Array.of(1, 0))]).toEqual([0.0625, 0.375, 0.5]);
  });

  it('leaves to the empty memory what no interaction has written', () => {
    const total = attribution(gates, Float32Array.of(1, 0)).reduce((sum, share) => sum + share, 0);
    expect(1 - total).toBeCloseTo(0.5 * 0.25 * 0.5, 7);
  });

  it('with two heads is that of each head, averaged: a head that looks at a slot counts with its own gates alone', () => {
    // two slots; head 0 looks at slot 0 alone, head 1 at slot 1 alone
    const two = [Float32Array.of(0.5, 0.75, 0.25, 0.5), Float32Array.of(0.5, 0, 1, 0.75)];
    const attention = Float32Array.of(1, 0, 0, 1);
    const first = [0.5 * 0.5, 0.5]; //   of head 0 in slot 0
    const second = [0.5 * 0.75, 0.25]; // of head 1 in slot 1
    const expected = [0, 1].map((t) => ((first[t] ?? NaN) + (second[t] ?? NaN)) / 2);
    expect([...attribution(two, attention, 2)]).toEqual(expected);
    expect([...overHeads(attention, 2)]).toEqual([0.5, 0.5]);
    expect([...overHeads(Float32Array.of(0.5, 0.75, 0.25, 0.5), 2)]).toEqual([0.375, 0.625]);
  });

  it('without slots is zero for every interaction', () => {
    const none = new Float32Array(0);
    expect([...attribution([none, none], none, 2)]).toEqual([0, 0]);
    expect(overHeads(none, 2)).toHaveLength(0);
  });

  it('of no interactions is empty', () => {
    expect(slotShares([])).toEqual([]);
    expect(attribution([], Float32Array.of(0.5, 0.5))).toHaveLength(0);
  });
});
