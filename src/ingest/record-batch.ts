/**
 * A record batch of Kafka before the client decodes it, and what of it the client must not see as it is.
 *
 *   its records can't be decompressed, or only into more than is allowed    each record is replaced by an empty one
 *   a record has more headers than are allowed                              it goes without headers: the client's time for them
 *                                                                           grows with their square, a minute for 10,000
 *
 * What was replaced carries the reason in a header whose name no producer can know; `toMessage` takes it out again, and the message
 * becomes a dead letter by its coordinates. See https://kafka.apache.org/documentation/#recordbatch for the format.
 */
import { randomUUID } from 'node:crypto';
import { RecollectError, type ErrorCode } from '../errors.js';

/** Of one message. */
export const maxHeaders = 100;
/** Placeholders are made for as many; the client holds each record of a batch as an object. */
const maxRecords = 20_000;

const headerBytes = 61;
const bytesBehindLength = headerBytes - 12;
const refusalHeader = `refusal-${randomUUID()}`;

export interface BatchHeader {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly count: number;
}

/** What the codec is given is the end of a batch; its header lies before it in the same memory. */
export function headerOf(records: Buffer): BatchHeader {
  const start = records.byteOffset - headerBytes;
  const header = start < 0 ? null : Buffer.from(records.buffer, start, headerBytes);
  if (header?.readInt8(16) !== 2 || header.readInt32BE(8) !== bytesBehindLength + records.length) {
    throw new RecollectError(
      'BATCH_UNREADABLE',
      'messages are in a format of before Kafka 0.11: raise message.format.version of the topic, and write them again',
    );
  }
  return {
    firstOffset: header.readBigInt64BE(0),
    lastOffsetDelta: header.readInt32BE(23),
    count: header.readInt32BE(57),
  };
}

/** Records in the place of those that are refused, with their offsets. Throws where they are too many even for that. */
export function refuseRecords(
  { firstOffset, lastOffsetDelta, count }: BatchHeader,
  code: ErrorCode,
  why: string,
): Buffer {
  const lastOffset = firstOffset + BigInt(lastOffsetDelta);
  const reason = `the record batch of the offsets ${firstOffset} to ${lastOffset} ${why}`;
  if (count > maxRecords) {
    throw new RecollectError(
      'BATCH_UNREADABLE',
      `${reason}, and has ${count} records, too many to refuse one by one; to go on behind it: ` +
        `recollect partitions restart <topic>:<partition> --from ${lastOffset + 1n}`,
    );
  }
  const records: Buffer[] = [];
  for (let n = 0; n < count; n++) {
    const offsetDelta = n === count - 1 ? lastOffsetDelta : n; // a compacted batch has gaps that nobody can see here
    records.push(recordOf([Buffer.from([0, 0]), varint(offsetDelta), nothing, nothing], code, reason));
  }
  return Buffer.concat(records);
}

/** The same records; of one with too many headers only the reason is left of them. Throws BATCH_UNREADABLE. */
export function withoutHeavyHeaders(records: Buffer, count: number): Buffer {
  const parts: Buffer[] = [];
  let kept = 0;
  const reader = new Reader(records);
  for (let n = 0; n < count; n++) {
    const start = reader.at;
    const length = reader.varint();
    const body = reader.at;
    const end = body + length;
    if (length < 0 || end > records.length) throw new RangeError(`record ${n} is longer than its batch`);
    reader.at += 1; //               attributes
    reader.skipVarint(); //          time
    reader.skipVarint(); //          offset
    reader.skipBytes(); //           key
    reader.skipBytes(); //           value
    const headersAt = reader.at;
    const headers = reader.varint();
    if (headersAt > end) throw new RangeError(`record ${n} is longer than its length`);
    if (headers > maxHeaders) {
      const reason = `the message has ${headers} headers, at most ${maxHeaders} are read: send fewer; they are left out here`;
      const replaced = recordOf([records.subarray(body, headersAt)], 'TOO_MANY_HEADERS', reason);
      parts.push(records.subarray(kept, start), replaced);
      kept = end;
    }
    reader.at = end;
  }
  return parts.length === 0 ? records : Buffer.concat([...parts, records.subarray(kept)]);
}

/** The headers without the reason that was put there, and that reason; null for a message that was left as it came. */
export function refusalOf<V>(headers: Readonly<Record<string, V>>): {
  readonly headers: Readonly<Record<string, V>>;
  readonly refusal: RecollectError | null;
} {
  if (headers[refusalHeader] === undefined) return { headers, refusal: null };
  const { [refusalHeader]: found, ...rest } = headers;
  const [code, ...reason] = String(found).split(' ');
  return { headers: rest, refusal: new RecollectError(code as ErrorCode, reason.join(' ')) };
}

/** A record up to its headers, and one header. */
function recordOf(front: readonly Buffer[], code: ErrorCode, reason: string): Buffer {
  const name = Buffer.from(refusalHeader);
  const value = Buffer.from(`${code} ${reason}`);
  const body = Buffer.concat([...front, varint(1), varint(name.length), name, varint(value.length), value]);
  return Buffer.concat([varint(body.length), body]);
}

/** Zigzag: of 32 bits, as the lengths and offsets within a batch are. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The length of a key or value that is null. */
const nothing = varint(-1);

class Reader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('a number has more than 32 bits');
  }

  skipVarint(): void {
    while ((this.bytes[this.at++] ?? 0) > 0x7f);
  }

  skipBytes(): void {
    const length = this.varint(); // moves, so that it can't stand on the right of `this.at +=`
    this.at += Math.max(0, length);
  }
}
