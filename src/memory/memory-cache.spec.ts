import { describe, expect, it } from '@jest/globals';
import { MemoryCache } from './memory-cache.js';

const copyOf = (state: Buffer) => Buffer.from(state);
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
    expect(cache.take(1, 'a', copyOf)?.sequenceNumber).toBe(2);
    expect(cache.take(1, 'a', copyOf)).toBeUndefined();
    expect(cache.take(1, 'b', copyOf)?.sequenceNumber).toBe(1);
    expect(cache.take(1, 'c', copyOf)).toBeUndefined();
  });

  it('keeps no more bytes than it may, and lets go of those written longest ago', () => {
    const cache = new MemoryCache(2_500); // three memories
    const takeAll = () => ['a', 'b', 'c', 'd'].filter((userId) => cache.take(1, userId, copyOf) !== undefined);
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
    const taken = cache.take(1, 'a', copyOf);
    cache.put(1, [filled('c', 3), filled('b', 4)]);
    expect(taken).toEqual(filled('a', 1));
    expect(cache.take(1, 'b', copyOf)).toEqual(filled('b', 4));
    expect(cache.take(1, 'c', copyOf)).toEqual(filled('c', 3));
  });

  it('gives every figure of a memory as it was put', () => {
    const cache = new MemoryCache(10_000);
    const put = {
      ...memory('a', 7),
      interactionsApplied: 2 ** 40,
      lastOccurredAt: new Date(-5),
      checksum: 2 ** 32 - 1,
    };
    cache.put(1, [put, memory('b')]);
    expect(cache.take(1, 'a', copyOf)).toEqual(put);
    expect(cache.take(1, 'b', copyOf)).toEqual(memory('b'));
  });

  it('may keep none', () => {
    const cache = new MemoryCache(0);
    cache.put(1, [memory('a')]);
    expect(cache.take(1, 'a', copyOf)).toBeUndefined();
  });

  it('knows nothing of another version', () => {
    const cache = new MemoryCache(10_000);
    cache.put(1, [memory('a')]);
    expect(cache.take(2, 'a', copyOf)).toBeUndefined();
    cache.put(2, [memory('b')]);
    expect(cache.take(1, 'a', copyOf)).toBeUndefined();
    expect(cache.take(2, 'a', copyOf)).toBeUndefined();
  });
});
