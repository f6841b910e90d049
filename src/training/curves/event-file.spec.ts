import { describe, expect, it } from '@jest/globals';
import { crc32c, frame, scalarEvent, startEvent, versionEvent } from './event-file.js';

describe('the checksum of an event file', () => {
  it.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ])('is CRC-32C, by the vectors of RFC 3720, for %s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });
});

/** What the writer of TensorBoard 2.21 makes of the same events (`RecordWriter` and its compiled protocol buffers). */
describe('an event file has the bytes that TensorBoard writes', () => {
  const hex = (message: Buffer): string => frame(message).toString('hex');

  it('at its start', () => {
    expect(hex(versionEvent(1_764_000_000.5))).toBe(
      '1800000000000000a37f4b2209000020402049da411a0d627261696e2e4576656e743a32835d4826',
    );
  });

  it('where a training goes on', () => {
    expect(hex(startEvent(1_764_000_000.5, 301))).toBe(
      '100000000000000095fbfe1809000020402049da4110ad023a020801cb82791a',
    );
  });

  it('for two figures of a step', () => {
    const scalars = { loss: 6.5, 'validation/ndcg_at_10': 0.0881 };
    expect(hex(scalarEvent(1_764_000_001.25, 1_234_567, scalars))).toBe(
      '3a000000000000001295eae209000050402049da411087ad4b2a2b0a0b0a046c6f7373150000d0400a1c' +
        '0a1576616c69646174696f6e2f6e6463675f61745f313015c66db43dca43434c',
    );
  });
});
