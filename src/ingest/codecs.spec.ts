import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { readEveryCodec } from './codecs.js';
import { toMessage, type Message } from './message.js';
import { maxHeaders } from './record-batch.js';

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
const Decoder = client('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decode = client('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ readonly records: KafkaMessage[] }>;

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

async function read(batch: Buffer): Promise<readonly Message[]> {
  const { records } = await decode(new Decoder(batch));
  return records.map((record) => toMessage({ topic: 't', partition: 3 }, record));
}

const places = (messages: readonly Message[]): readonly unknown[] =>
  messages.map(({ offset, refusal }) => [offset, refusal?.code]);

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

  it.each(compressed)('in %s is refused message by message when it becomes too large', async (_, type, compress) => {
    const messages = await read(await batchOf(type, compress, [{ value: Buffer.alloc(2 * maxBytes) }, { value: 'b' }]));
    expect(places(messages)).toEqual([
      [70n, 'BATCH_TOO_LARGE'],
      [71n, 'BATCH_TOO_LARGE'],
    ]);
    expect(messages[0]).toMatchObject({ key: null, value: null, headers: {} });
    expect(messages[0]?.refusal?.message).toMatch(/offsets 70 to 71 has \d+ bytes that become more than 100000/);
  });

  it.each(compressed)('in %s is refused message by message when it is damaged', async (_, type, compress) => {
    const batch = await batchOf(type, (bytes) => compress(bytes).fill(0xff, 12), [{ value: 'a' }, { value: 'b' }]);
    expect(places(await read(batch))).toEqual([
      [70n, 'BATCH_UNREADABLE'],
      [71n, 'BATCH_UNREADABLE'],
    ]);
  });

  it('is refused when its records are not as long as they say', async () => {
    const batch = await batchOf(GZIP, () => gzipSync(Buffer.from([0x7e, 0, 0])), [{ value: 'a' }]);
    expect(places(await read(batch))).toEqual([[70n, 'BATCH_UNREADABLE']]);
  });

  it('stops the client where it has too many records to refuse each of them', async () => {
    const batch = await batchOf(ZSTD, zstdCompressSync, [{ value: 'a' }]);
    batch.writeInt32BE(20_001, 57);
    await expect(read(batch)).rejects.toMatchObject({ code: 'BATCH_UNREADABLE' });
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
