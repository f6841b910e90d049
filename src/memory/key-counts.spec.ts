import { expect, it } from '@jest/globals';
import { KeyCounts } from './key-counts.js';

it('counts each of many keys by itself, while it grows', () => {
  const counts = new KeyCounts();
  const keys = Array.from({ length: 60_000 }, (_, n) => `user-${n % 700}\u0000event-${n}`);
  const expected = new Map<string, number>();
  for (const key of [...keys, ...keys.slice(0, 1_000), '', '']) {
    expected.set(key, (expected.get(key) ?? 0) + 1);
    if (counts.add(key) !== expected.get(key)) throw new Error(`${key} is counted wrong`);
  }
  expect(counts.add('')).toBe(3);
});
