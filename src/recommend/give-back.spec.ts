import { expect, it } from '@jest/globals';
import { getHeapStatistics } from 'node:v8';
import { giveMemoryBack } from './give-back.js';

it('leaves the heap without the pages that garbage took', () => {
  expect(heldBy(1_000_000)).toBe(1_000_000);
  const before = getHeapStatistics().total_heap_size;
  giveMemoryBack();
  expect(before - getHeapStatistics().total_heap_size).toBeGreaterThan(50_000_000);
});

/** Garbage behind it, of as many objects that were held at once. */
function heldBy(count: number): number {
  return Array.from({ length: count }, (_, n) => ({ n, text: `text ${n}` })).length;
}
