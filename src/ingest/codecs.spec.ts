import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { readEveryCodec } from './codecs.js';
import { toMessage, type Message } from './message.js';
import { maxHeaders } from './record-batch.js';
import { decodeRecordSet } from './record-set.js';

const maxBytes = 100_000;
const { None, GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;

// the client's own coders of a record batch, as the producer and the consumer of a topic use them
const client = createRequire(import.meta.url);
interface Encoder {
  readonly buffer: Buffer;
}
const { RecordBatch } = client('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<Encoder>;
};
const Record = client('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const Decoder = client('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Parameters<typeof decodeRecordSet>[0];
const decode = client('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ readonly records: KafkaMessage[] }>;

const Batch = client('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: object,
) => { readonly messages: readonly KafkaMessage[] };

type Sent = Readonly<{ value: string | Buffer | null; headers?: object }>;

/** As xerial's snappy-java writes it: two blocks. */
function xerial(bytes: Buffer): Buffer {
  const half = bytes.length >> 1;
  const blocks = [bytes.subarray(0, half), bytes.subarray(half)].flatMap((part) => {
    const block = compressSync(part);
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01', 'latin1'), ...blocks]);
}

const plain = (bytes: Buffer): Buffer => bytes;
const codecs: readonly (readonly [string, number, (bytes: Buffer) => Buffer])[] = [
  ['no codec', None, plain],
  ['gzip', GZIP, (bytes) => gzipSync(bytes)],
  ['snappy in one block', Snappy, (bytes) => compressSync(bytes)],
  ['snappy as Java frames it', Snappy, xerial],
  ['lz4', LZ4, (bytes) => compressFrameSync(bytes)],
  ['lz4 with checksums', LZ4, (bytes) => compressFrameSync(bytes, { contentChecksum: true, blockChecksums: true })],
  ['zstd', ZSTD, (bytes) => zstdCompressSync(bytes)],
];
const compressed = codecs.slice(1);

/** `compress`: of another producer; null: as this process sends it. */
async function batchOf(
  type: number,
  compress: ((bytes: Buffer) => Buffer) | null,
  sent: readonly Sent[],
): Promise<Buffer> {
  const table: Record<number, () => object> = kafkajs.CompressionCodecs;
  const ours = table[type];
  if (compress !== null)
    table[type] = () => ({ compress: async ({ buffer }: Encoder) => Promise.resolve(compress(buffer)) });
  const records = sent.map((one, offsetDelta) => Record({ key: 'k', timestampDelta: 0, offsetDelta, ...one }));
  const { buffer } = await RecordBatch({
    compression: type,
    records,
    firstOffset: 70,
    lastOffsetDelta: sent.length - 1,
    firstTimestamp: 1_700_000_000_000,
  });
  if (ours !== undefined) table[type] = ours;
  return buffer;
}

/** As the client reads the record set of a partition. */
async function read(...batches: readonly Buffer[]): Promise<readonly Message[]> {
  const set = Buffer.concat([Buffer.alloc(4), ...batches]);
  set.writeInt32BE(set.length - 4);
  const records = await decodeRecordSet(new Decoder(set));
  return records.map((record) => toMessage({ topic: 't', partition: 3 }, record as KafkaMessage));
}

const places = (messages: readonly Message[]): readonly unknown[] =>
  messages.map(({ offset, firstOffset, refusal }) => [firstOffset, offset, refusal?.code]);
const whole = [null, 70n, undefined];

describe('a record batch', () => {
  beforeAll(() => {
    readEveryCodec(maxBytes);
  });

  it.each(codecs)('comes as it was sent in %s', async (_, type, compress) => {
    const sent = [
      { value: '{"id":1}'.repeat(500), headers: { a: '1', b: ['2', '3'] } },
      { value: null },
      { value: '' },
    ];
    const messages = await read(await batchOf(type, compress, sent));
    expect(messages.map(({ offset, key, value }) => [offset, String(key), value?.toString()])).toEqual([
      [70n, 'k', sent[0]?.value],
      [71n, 'k', undefined],
      [72n, 'k', ''],
    ]);
    expect(messages[0]?.headers).toEqual({ a: Buffer.from('1'), b: [Buffer.from('2'), Buffer.from('3')] });
    expect(messages.every(({ refusal }) => refusal === null)).toBe(true);
  });

  it('is sent in gzip or uncompressed', async () => {
    for (const type of [None, GZIP]) {
      const messages = await read(await batchOf(type, null, [{ value: 'a' }, { value: 'b' }]));
      expect(messages.map(({ value }) => value?.toString())).toEqual(['a', 'b']);
    }
    await expect(batchOf(LZ4, null, [{ value: 'a' }])).rejects.toThrow('with gzip or without compression');
  });

  it.each(compressed)(
    'in %s is refused as one message when it becomes too large, and those beside it are read',
    async (_, type, compress) => {
      const bomb = await batchOf(type, compress, [{ value: Buffer.alloc(2 * maxBytes) }, { value: 'b' }]);
      const good = await batchOf(type, compress, [{ value: 'a' }]);
      const messages = await read(good, bomb, good);
      expect(places(messages)).toEqual([whole, [70n, 71n, 'BATCH_TOO_LARGE'], whole]);
      expect(messages[1]).toMatchObject({ key: null, value: null, headers: {}, timestamp: '1700000000000' });
      expect(messages[1]?.refusal?.message).toMatch(
        /offsets 70 to 71, with 2 messages, has \d+ bytes that become more than 100000/,
      );
    },
  );

  it.each(compressed)('in %s is refused as one message when it is damaged', async (_, type, compress) => {
    const batch = await batchOf(type, (bytes) => compress(bytes).fill(0xff, 12), [{ value: 'a' }, { value: 'b' }]);
    expect(places(await read(batch))).toEqual([[70n, 71n, 'BATCH_UNREADABLE']]);
  });

  it('is refused when its records are not as long as they say', async () => {
    const batch = await batchOf(GZIP, () => gzipSync(Buffer.from([0x7e, 0, 0])), [{ value: 'a' }]);
    expect(places(await read(batch))).toEqual([[70n, 70n, 'BATCH_UNREADABLE']]);
  });

  it('is refused unread when it says that it has more messages than are held at once, up to the most that it can say', async () => {
    for (const count of [100_001, 2 ** 31 - 1]) {
      for (const type of [None, ZSTD]) {
        const batch = await batchOf(type, type === None ? plain : zstdCompressSync, [{ value: 'a' }]);
        batch.writeInt32BE(count - 1, 23);
        batch.writeInt32BE(count, 57);
        const last = 70n + BigInt(count) - 1n;
        expect(places(await read(batch, batch))).toEqual([1, 2].map(() => [70n, last, 'BATCH_TOO_LARGE']));
      }
    }
  });

  it('is read with as many messages as are held at once', async () => {
    const many = Array.from({ length: 70_000 }, () => ({ value: null }));
    readEveryCodec(10 * maxBytes);
    const messages = await read(await batchOf(ZSTD, zstdCompressSync, many), await batchOf(None, plain, many));
    readEveryCodec(maxBytes);
    expect(messages).toHaveLength(140_000);
    expect(messages.every(({ refusal }) => refusal === null)).toBe(true);
  });

  it('that is refused is left out where its transaction was aborted, and keeps where it began', async () => {
    const bomb = await batchOf(GZIP, gzipSync, [{ value: Buffer.alloc(2 * maxBytes) }, { value: 'b' }]);
    bomb.writeBigInt64BE(9n, 43);
    bomb.writeInt16BE(bomb.readInt16BE(21) | 0x10, 21);
    const set = Buffer.concat([Buffer.alloc(4), bomb]);
    set.writeInt32BE(bomb.length);
    const messages = await decodeRecordSet(new Decoder(set));
    const seen = (producerId: string): unknown =>
      new Batch('t', '71', {
        partition: 3,
        highWatermark: '72',
        abortedTransactions: [{ producerId, firstOffset: '60' }],
        messages,
      }).messages;
    expect(seen('9')).toEqual([]);
    expect(seen('8')).toHaveLength(1);
  });

  it('is left for the next answer of the brokers when this one has become large enough', async () => {
    const batch = await batchOf(ZSTD, zstdCompressSync, [{ value: Buffer.alloc(0.9 * maxBytes) }]);
    const answer = Buffer.concat([batch, batch, batch]);
    const decoder = new Decoder(answer);
    await decode(decoder);
    await decode(decoder);
    await expect(decode(decoder)).rejects.toMatchObject({ name: 'KafkaJSPartialMessageError' });
  });

  it.each(codecs)(
    'in %s loses the headers of a message that has too many, and nothing else',
    async (_, type, compress) => {
      const headers = (count: number): object =>
        Object.fromEntries(Array.from({ length: count }, (__, n) => [`h${n}`, 'x']));
      const sent = [maxHeaders, maxHeaders + 1, 0].map((count, n) => ({ value: String(n), headers: headers(count) }));
      const messages = await read(await batchOf(type, compress, sent));
      expect(messages.map(({ offset, value, refusal }) => [offset, String(value), refusal?.code])).toEqual([
        [70n, '0', undefined],
        [71n, '1', 'TOO_MANY_HEADERS'],
        [72n, '2', undefined],
      ]);
      expect(messages[1]?.headers).toEqual({});
      expect(Object.keys(messages[0]?.headers ?? {})).toHaveLength(maxHeaders);
    },
  );

  it('has the headers of a message that are named as what JavaScript has', async () => {
    const headers = Object.fromEntries(
      ['constructor', '__proto__', 'toString'].map((name) => [name, Buffer.from('x')]),
    );
    const [message] = await read(await batchOf(None, plain, [{ value: 'a', headers }]));
    expect(Object.entries(message?.headers ?? {})).toEqual([
      ['constructor', [Buffer.from('x')]],
      ['__proto__', [Buffer.from('x')]],
      ['toString', [Buffer.from('x')]],
    ]);
  });
});
