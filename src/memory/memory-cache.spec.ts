import { describe, expect, it } from '@jest/globals';
import { MemoryCache } from './memory-cache.js';

const memory = (userId: string, sequenceNumber = 1) => ({
  userId,
  state: Buffer.alloc(500),
  interactionsApplied: sequenceNumber,
  lastOccurredAt: null,
  checksum: 0,
  sequenceNumber,
});

describe('the cache of memories', () => {
  it('gives what was put last', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a', 1), memory('b', 1)]);
    cache.put(1, [memory('a', 2)]);
    expect(cache.get(1, 'a')?.sequenceNumber).toBe(2);
    expect(cache.get(1, 'b')?.sequenceNumber).toBe(1);
    expect(cache.get(1, 'c')).toBeUndefined();
  });

  it('keeps no more bytes than it may, and lets go of those written longest ago', () => {
    const cache = new MemoryCache(3_500); // three memories
    cache.put(1, [memory('a'), memory('b'), memory('c')]);
    cache.put(1, [memory('a', 2)]);
    cache.put(1, [memory('d')]);
    expect(['a', 'b', 'c', 'd'].filter((userId) => cache.get(1, userId) !== undefined)).toEqual(['a', 'c', 'd']);
    for (let round = 0; round < 100; round++) cache.put(1, [memory('a', round)]);
    expect(['a', 'c', 'd'].filter((userId) => cache.get(1, userId) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('may keep none', () => {
    const cache = new MemoryCache(0);
    cache.put(1, [memory('a')]);
    expect(cache.get(1, 'a')).toBeUndefined();
  });

  it('knows nothing of another version', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a')]);
    expect(cache.get(2, 'a')).toBeUndefined();
    cache.put(2, [memory('b')]);
    expect(cache.get(1, 'a')).toBeUndefined();
    expect(cache.get(2, 'a')).toBeUndefined();
  });

  it('lets go of a user', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a'), memory('b')]);
    cache.drop('a');
    expect(cache.get(1, 'a')).toBeUndefined();
    expect(cache.get(1, 'b')).toBeDefined();
  });
});
