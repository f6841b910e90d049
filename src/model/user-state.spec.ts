import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { stateBytes, stateSize } from './dimensions.js';
import {
  checksumOf,
  contextOf,
  decodeState,
  emptyState,
  encodeState,
  hiddenOf,
  isOfEarlierArithmetic,
  remember,
} from './user-state.js';

const dimensions = {
  width: 4,
  slots: 2,
  blocks: 2,
  items: 100_000,
  attributes: 0,
  heads: 1,
  kinds: 0,
  gaps: 0,
  outputLength: 0,
};

function refusal(bytes: Uint8Array): unknown {
  try {
    return decodeState(dimensions, bytes);
  } catch (error) {
    return error;
  }
}

describe("a user's state", () => {
  it('begins with zeros', () => {
    const state = emptyState(dimensions);
    expect(state.numbers).toEqual(new Float32Array(2 * 4 + 2 * 2 * 4));
    expect(state.numbers).toHaveLength(stateSize(dimensions));
    expect(state.recent).toEqual(new Int32Array(10));
  });

  it('keeps the last ten rows, newest first', () => {
    const state = emptyState(dimensions);
    for (let row = 1; row <= 12; row++) remember(state, row);
    expect([...state.recent]).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  });

  it('comes back from its bytes as it was when its numbers are halves', () => {
    const state = emptyState(dimensions);
    state.numbers.set([1, -0.5, 0.333251953125, 2 ** -24, 65_504]);
    remember(state, 100_000);
    const bytes = encodeState(state);
    expect(bytes).toHaveLength(stateBytes(dimensions));
    expect(decodeState(dimensions, bytes)).toEqual(state);
  });

  it('has a checksum that tells of any other byte, and of bytes that the arithmetic before this one wrote', () => {
    const bytes = encodeState(emptyState(dimensions));
    const checksum = checksumOf(bytes);
    expect(checksumOf(Buffer.from(bytes))).toBe(checksum);
    expect(crc32(bytes)).not.toBe(checksum);
    expect([crc32(bytes), checksum].map((one) => isOfEarlierArithmetic(bytes, one))).toEqual([true, false]);
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes);
      other[at] = 1;
      expect(checksumOf(other)).not.toBe(checksum);
    }
  });

  it('is written as little-endian halves and 32-bit rows', () => {
    const state = emptyState({ ...dimensions, width: 1, slots: 1, blocks: 1 });
    state.numbers.set([1, -2, 0.5]);
    remember(state, 0x01020304);
    expect(encodeState(state).subarray(0, 10).toString('hex')).toBe('003c00c0003804030201');
  });

  it('has behind the rows the last kind and gap, where the network looks at them', () => {
    const small = { ...dimensions, width: 1, slots: 0, blocks: 1 };
    const both = { ...small, kinds: 3, gaps: 5 };
    const state = emptyState(both);
    remember(state, 7, [2, 5]);
    const bytes = encodeState(state);
    expect(bytes.subarray(42).toString('hex')).toBe('0200000005000000');
    expect(bytes).toHaveLength(stateBytes(both));
    expect(decodeState(both, bytes)).toEqual(state);
    expect(contextOf(state, both)).toEqual({ kinds: Int32Array.of(2), gaps: Int32Array.of(5) });
    const one = { ...small, gaps: 5 };
    const gapAlone = emptyState(one);
    remember(gapAlone, 7, [4]);
    expect(contextOf(decodeState(one, encodeState(gapAlone)), one)).toEqual({ gaps: Int32Array.of(4) });
    expect(encodeState(emptyState(small))).toHaveLength(42);
    for (const [at, index] of [
      [42, 4],
      [42, -1],
      [46, 6],
    ] as const) {
      const damaged = Buffer.from(bytes);
      damaged.writeInt32LE(index, at);
      expect(() => decodeState(both, damaged)).toThrow(new RegExp(`kind or gap ${index} of`));
    }
  });

  it('is read from a part of a larger buffer, and shares no memory with it', () => {
    const bytes = encodeState(emptyState(dimensions));
    const larger = Buffer.concat([Buffer.of(1, 2, 3), bytes, Buffer.of(4)]);
    const state = decodeState(dimensions, larger.subarray(3, 3 + bytes.length));
    larger.fill(255);
    expect(state).toEqual(emptyState(dimensions));
  });

  it('has the hidden state of each block as a view', () => {
    const state = emptyState(dimensions);
    hiddenOf(state, dimensions, 1).fill(7);
    expect([...state.numbers.subarray(0, 9)]).toEqual([0, 0, 0, 0, 7, 7, 7, 7, 0]);
  });

  it('is refused when its bytes are those of another network, or damaged', () => {
    const bytes = encodeState(emptyState(dimensions));
    const changed = (change: (copy: Buffer) => void) => {
      const copy = Buffer.from(bytes);
      change(copy);
      return copy;
    };
    const faults: [Buffer, RegExp][] = [
      [bytes.subarray(1), /has 87 bytes, a network of these sizes keeps 88/],
      [Buffer.alloc(0), /has 0 bytes/],
      [changed((copy) => copy.writeUInt16LE(0x7e00, 6)), /number 3 is not finite/],
      [changed((copy) => copy.writeUInt16LE(0xfc00, 0)), /number 0 is not finite/],
      [changed((copy) => copy.writeInt32LE(-1, 48)), /item 0 has row -1/],
      [changed((copy) => copy.writeInt32LE(100_001, 84)), /item 9 has row 100001/],
    ];
    for (const [broken, what] of faults) {
      expect(refusal(broken)).toMatchObject({ code: 'STATE_INVALID' });
      expect(String(refusal(broken))).toMatch(what);
    }
  });
});
