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
  it('gives what was put last, once', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a', 1), memory('b', 1)]);
    cache.put(1, [memory('a', 2)]);
    expect(cache.take(1, 'a')?.sequenceNumber).toBe(2);
    expect(cache.take(1, 'a')).toBeUndefined();
    expect(cache.take(1, 'b')?.sequenceNumber).toBe(1);
    expect(cache.take(1, 'c')).toBeUndefined();
  });

  it('keeps no more bytes than it may, and lets go of those written longest ago', () => {
    const cache = new MemoryCache(3_500); // three memories
    const takeAll = () => ['a', 'b', 'c', 'd'].filter((userId) => cache.take(1, userId) !== undefined);
    cache.put(1, [memory('a'), memory('b'), memory('c')]);
    cache.put(1, [memory('a', 2)]);
    cache.put(1, [memory('d')]);
    expect(takeAll()).toEqual(['a', 'c', 'd']);
    for (let round = 0; round < 100; round++) {
      cache.put(1, [memory('a'), memory('b'), memory('c')]); // what was taken has made room
      expect(takeAll()).toEqual(['a', 'b', 'c']);
    }
  });

  it('gives each state as it was put, whatever takes its place since', () => {
    const cache = new MemoryCache(10_000);
    const filled = (userId: string, byte: number) => ({ ...memory(userId), state: Buffer.alloc(500, byte) });
    cache.put(1, [filled('a', 1), filled('b', 2)]);
    const taken = cache.take(1, 'a');
    cache.put(1, [filled('c', 3), filled('b', 4)]);
    expect(taken).toEqual(filled('a', 1));
    expect(cache.take(1, 'b')).toEqual(filled('b', 4));
    expect(cache.take(1, 'c')).toEqual(filled('c', 3));
  });

  it('may keep none', () => {
    const cache = new MemoryCache(0);
    cache.put(1, [memory('a')]);
    expect(cache.take(1, 'a')).toBeUndefined();
  });

  it('knows nothing of another version', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a')]);
    expect(cache.take(2, 'a')).toBeUndefined();
    cache.put(2, [memory('b')]);
    expect(cache.take(1, 'a')).toBeUndefined();
    expect(cache.take(2, 'a')).toBeUndefined();
  });
});
