/**
 * What producers may compress a record batch with, read with a limit: a few bytes can stand for gigabytes. kafkajs has one table of
 * codecs a process and asks it for every batch, uncompressed ones too, so that here is where each of them is seen first. One that is
 * refused is a `RefusedBatch`, which `record-set` makes a message of.
 */
import { promisify } from 'node:util';
import { gzip, unzip, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { decompressFrame } from 'lz4-napi';
import { uncompress } from 'snappy';
import { codeOf, messageOf } from '../errors.js';
import { withoutHeavyHeaders } from './record-batch.js';
import { headerOf, readRecordSets, RefusedBatch } from './record-set.js';

type Decompress = (bytes: Buffer, maxBytes: number) => Promise<Buffer>;

const { None, GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
/** What this process produces with, where it compresses. */
const produced: number = GZIP;
const compressGzip = promisify(gzip);
const gunzip = promisify(unzip);
const unzstd = promisify(zstdDecompress);

const decompressors: readonly (readonly [number, Decompress])[] = [
  [GZIP, async (bytes, maxOutputLength) => gunzip(bytes, { maxOutputLength })],
  [Snappy, unsnappy],
  [LZ4, unlz4],
  [ZSTD, async (bytes, maxOutputLength) => unzstd(bytes, { maxOutputLength })],
];

/** `maxBytes`: of a record batch once it is decompressed. */
export function readEveryCodec(maxBytes: number): void {
  readRecordSets();
  const table: Record<number, () => unknown> = kafkajs.CompressionCodecs;
  table[None] = () => ({ decompress: async (records: Buffer) => read(records, null, maxBytes) });
  for (const [type, decompress] of decompressors) {
    const compress = async ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> => {
      if (type !== produced) throw new Error('messages are produced with gzip or without compression');
      return compressGzip(buffer);
    };
    table[type] = () => ({ compress, decompress: async (records: Buffer) => read(records, decompress, maxBytes) });
  }
}

/** Bytes decompressed so far of an answer of the brokers, whose batches lie in one piece of memory. */
const decompressed = new WeakMap<ArrayBufferLike, number>();

/** Of one batch; the client holds each of its records as an object. */
const maxRecords = 100_000;

/** `decompress` null: the records are as they were. */
async function read(records: Buffer, decompress: Decompress | null, maxBytes: number): Promise<Buffer> {
  const header = headerOf(records);
  if (header.count > maxRecords)
    throw new RefusedBatch(header, 'BATCH_TOO_LARGE', `has more than the ${maxRecords} that are read of one`);
  const answer = records.buffer;
  const before = decompressed.get(answer) ?? 0;
  if (decompress !== null && before >= maxBytes) throw new OfNextAnswer();
  try {
    const bytes = decompress === null ? records : await decompress(records, maxBytes);
    if (decompress !== null) decompressed.set(answer, before + bytes.length);
    return withoutHeavyHeaders(bytes, header.count);
  } catch (error) {
    const isTooLarge = error instanceof TooLarge || codeOf(error) === tooLarge;
    if (!isTooLarge) throw new RefusedBatch(header, 'BATCH_UNREADABLE', `can not be read: ${messageOf(error)}`);
    const why = `has ${records.length} bytes that become more than ${maxBytes}, which KAFKA_MAX_BATCH_BYTES allows`;
    throw new RefusedBatch(header, 'BATCH_TOO_LARGE', why);
  }
}

/** Of Node's zlib. */
const tooLarge = 'ERR_BUFFER_TOO_LARGE';

class TooLarge extends Error {}

/** By its name the client takes the batch for cut off at the end of an answer, and asks for it again in the next one. */
class OfNextAnswer extends Error {
  override readonly name = 'KafkaJSPartialMessageError';
}

/** Java's producer cuts snappy into blocks of its own framing, each with its length before it; others send one plain block. */
async function unsnappy(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const blocks = bytes.subarray(0, xerial.length).equals(xerial)
    ? blocksOf(bytes.subarray(xerial.length + 8))
    : [bytes];
  if (blocks.reduce((sum, block) => sum + snappyLength(block), 0) > maxBytes) throw new TooLarge();
  return Buffer.concat(await Promise.all(blocks.map(async (block) => (await uncompress(block)) as Buffer)));
}

const xerial = Buffer.from('\x82SNAPPY\0', 'latin1');

function blocksOf(bytes: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    at = start + bytes.readInt32BE(at);
    if (at < start || at > bytes.length) throw new RangeError('a block of snappy is longer than its frame');
    blocks.push(bytes.subarray(start, at));
  }
  return blocks;
}

/** What a block says that it becomes, in its first bytes. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let n = 0; n < 5; n++) {
    const byte = block[n] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return length;
  }
  throw new RangeError('a block of snappy has no length');
}

async function unlz4(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  if (lz4Length(bytes) > maxBytes) throw new TooLarge();
  return decompressFrame(bytes);
}

/** A byte of lz4 stands for 255 at most, and a block for the size in its frame's header: what the frame can become. */
function lz4Length(frame: Buffer): number {
  if (frame.readUInt32LE(0) !== 0x184d_2204) throw new RangeError('it is no frame of lz4');
  const flags = frame.readUInt8(4);
  const blockBytes = 2 ** (8 + 2 * ((frame.readUInt8(5) >> 4) & 7));
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  const contentChecksum = (flags & 4) === 0 ? 0 : 4;
  let length = 0;
  for (let at = 7 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4); ;) {
    const size = frame.readUInt32LE(at);
    if (size === 0) {
      if (at + 4 + contentChecksum !== frame.length) throw new RangeError('the frame of lz4 is followed by more');
      return length;
    }
    const isPlain = size > 0x7fff_ffff;
    const stored = isPlain ? size - 0x8000_0000 : size;
    length += isPlain ? stored : Math.min(blockBytes, 255 * stored);
    at += 4 + stored + blockChecksum;
  }
}
