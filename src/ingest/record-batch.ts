/**
 * The records of a batch before the client decodes them. One with more headers than are allowed goes without them: the client's time
 * for them grows with their square, a minute for 10,000. It carries the reason in a header whose name no producer can know; `toMessage`
 * takes it out again, and the message becomes a dead letter. See https://kafka.apache.org/documentation/#recordbatch for the format.
 */
import { randomUUID } from 'node:crypto';
import { RecollectError, type ErrorCode } from '../errors.js';

/** Of one message. */
export const maxHeaders = 100;
const refusalHeader = `refusal-${randomUUID()}`;

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
