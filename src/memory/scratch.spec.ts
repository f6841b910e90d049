import { describe, expect, it } from '@jest/globals';
import { Scratch } from './scratch.js';

describe('scratch room', () => {
  it('gives no byte twice until it is cleared, also where it grows', () => {
    const scratch = new Scratch();
    const given = [3, 100, 7, 5_000, 1].map((count, at) => scratch.bytes(count).fill(at + 1));
    const floats = scratch.floats(9).fill(0.5);
    expect(given.map((bytes) => bytes.length)).toEqual([3, 100, 7, 5_000, 1]);
    given.forEach((bytes, at) => {
      expect(bytes.every((byte) => byte === at + 1)).toBe(true);
    });
    expect(floats.every((number) => number === 0.5)).toBe(true);
  });

  it('uses the same memory again once it is cleared', () => {
    const scratch = new Scratch();
    scratch.bytes(1_000);
    scratch.clear();
    const first = scratch.bytes(600);
    scratch.clear();
    expect(scratch.bytes(600).buffer).toBe(first.buffer);
  });

  it('copies bytes, which may change after', () => {
    const bytes = Buffer.from([1, 2, 3]);
    const copy = new Scratch().copyOf(bytes);
    bytes.fill(9);
    expect([...copy]).toEqual([1, 2, 3]);
  });
});
