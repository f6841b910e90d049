import { describe, expect, it } from '@jest/globals';
import { attribution, slotShares } from './attribution.js';

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

  it('of no interactions is empty', () => {
    expect(slotShares([])).toEqual([]);
    expect(attribution([], Float32Array.of(0.5, 0.5))).toHaveLength(0);
  });
});
