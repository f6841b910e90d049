import { expect, it } from '@jest/globals';
import { getHeapStatistics } from 'node:v8';
import { giveMemoryBack } from './give-back.js';

it('leaves the heap without the pages that garbage took', () => {
  let garbage: unknown[] | null = Array.from({ length: 1_000_000 }, (_, n) => ({ n, text: `text ${n}` }));
  expect(garbage).toHaveLength(1_000_000);
  const before = getHeapStatistics().total_heap_size;
  garbage = null;
  giveMemoryBack();
  expect(before - getHeapStatistics().total_heap_size).toBeGreaterThan(50_000_000);
});
