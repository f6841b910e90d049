/**
 * The record set of a partition in an answer of the brokers: record batches one behind the other. kafkajs fails with the whole answer
 * where a batch can't be decoded, and never gets past it. So its loop over the batches is replaced by this one, in which a batch that
 * is refused stands as ONE message at its last offset, without key or value; the batches before and behind it come as they are. It
 * also adds records one by one, where kafkajs passes them all as arguments of one call, more than the stack holds.
 */
import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import { RecollectError, type ErrorCode } from '../errors.js';

/** A record batch as its header says. */
export interface BatchHeader {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  /** milliseconds since 1970 */
  readonly firstTimestamp: bigint;
  readonly producerId: bigint;
  readonly inTransaction: boolean;
  /** of records */
  readonly count: number;
}

/** Thrown in the place of a batch's records. */
export class RefusedBatch extends RecollectError {
  constructor(
    readonly header: BatchHeader,
    code: ErrorCode,
    why: string,
  ) {
    const { firstOffset, lastOffset, count } = header;
    super(code, `the record batch of the offsets ${firstOffset} to ${lastOffset}, with ${count} messages, ${why}`);
  }
}

const refusedBatches = new WeakMap<object, RefusedBatch>();

/** The batch that a message stands for; null for a message of its own. */
export function refusedBatchOf(message: KafkaMessage): RefusedBatch | null {
  return refusedBatches.get(message) ?? null;
}

/** The first offset that a message stands for. */
export function firstOffsetOf(message: KafkaMessage): bigint {
  return refusedBatchOf(message)?.header.firstOffset ?? BigInt(message.offset);
}

interface Decoder {
  offset: number;
  readonly buffer: Buffer;
  readInt32(): number;
  readBytes(count: number): Buffer;
  canReadBytes(count: number): boolean;
}

const client = createRequire(import.meta.url);
const protocol = 'kafkajs/src/protocol';
const Decoder = client(`${protocol}/decoder`) as new (bytes: Buffer) => Decoder;
const decodeBatch = client(`${protocol}/recordBatch/v0/decoder`) as (
  decoder: Decoder,
) => Promise<{ readonly records: readonly object[] }>;
const place = client.resolve(`${protocol}/requests/fetch/v4/decodeMessages`);
const decodeOfClient = client(place) as (decoder: Decoder) => Promise<readonly object[]>;

/** From now on kafkajs reads record sets like this. It loads its own loop with the first fetch, so that this is to come before. */
export function readRecordSets(): void {
  const loop = client.cache[place];
  if (loop === undefined) throw new Error('kafkajs has no loop over record batches where it was looked for');
  loop.exports = decodeRecordSet;
}

const headerBytes = 61;
const leastBytes = 49;
const magicAt = 16;

export async function decodeRecordSet(decoder: Decoder): Promise<readonly object[]> {
  const { offset } = decoder;
  const size = decoder.readInt32();
  if (size <= 0 || !decoder.canReadBytes(size)) return [];
  const set = new Decoder(decoder.readBytes(size));
  if (set.buffer.length > magicAt && set.buffer.readInt8(magicAt) !== 2) {
    decoder.offset = offset; // of before Kafka 0.11
    return decodeOfClient(decoder);
  }
  const records: object[] = [];
  while (set.canReadBytes(leastBytes)) {
    try {
      for (const record of (await decodeBatch(set)).records) records.push(record);
    } catch (error) {
      if (error instanceof RefusedBatch) records.push(messageOf(error));
      else if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') break;
      else throw error;
    }
  }
  return records;
}

/** As kafkajs has a message, with what it needs to leave it out where the transaction of the batch was aborted. */
function messageOf(batch: RefusedBatch): object {
  const { lastOffset, firstTimestamp, producerId, inTransaction } = batch.header;
  const message = {
    magicByte: 2,
    attributes: 0,
    timestamp: String(firstTimestamp),
    offset: String(lastOffset),
    key: null,
    value: null,
    headers: {},
    isControlRecord: false,
    batchContext: { producerId: String(producerId), inTransaction },
  };
  refusedBatches.set(message, batch);
  return message;
}

/** What a codec is given is the end of a batch; its header lies before it in the same memory. */
export function headerOf(records: Buffer): BatchHeader {
  const start = records.byteOffset - headerBytes;
  const header = start < 0 ? null : Buffer.from(records.buffer, start, headerBytes);
  if (header?.readInt8(magicAt) !== 2 || header.readInt32BE(8) !== leastBytes + records.length) {
    throw new RecollectError(
      'BATCH_UNREADABLE',
      'messages are in a format of before Kafka 0.11: raise message.format.version of the topic, and write them again',
    );
  }
  const firstOffset = header.readBigInt64BE(0);
  return {
    firstOffset,
    lastOffset: firstOffset + BigInt(header.readInt32BE(23)),
    firstTimestamp: header.readBigInt64BE(27),
    producerId: header.readBigInt64BE(43),
    inTransaction: (header.readInt16BE(21) & 0x10) !== 0,
    count: header.readInt32BE(57),
  };
}
