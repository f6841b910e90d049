/** A message of Kafka as everything in `ingest` sees it: its coordinates, and its bytes read as text or JSON. */
import type { Batch, IHeaders, KafkaMessage } from 'kafkajs';
import { RecollectError } from '../errors.js';
import { refusalOf } from './record-batch.js';
import { refusedBatchOf } from './record-set.js';

export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** milliseconds since 1970, by the producer or the broker; as text */
  readonly timestamp: string;
  readonly key: Buffer | null;
  /** null: a tombstone */
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  /** why it is refused unread */
  readonly refusal?: RecollectError | null;
  /** of the first message of a batch that is refused as a whole; `offset` is that of its last; null: it is one message */
  readonly firstOffset?: bigint | null;
}

export function toMessage({ topic, partition }: Pick<Batch, 'topic' | 'partition'>, message: KafkaMessage): Message {
  const { offset, timestamp, key, value } = message;
  const batch = refusedBatchOf(message);
  const { headers, refusal } = refusalOf(message.headers ?? {});
  return {
    ...{ topic, partition, offset: BigInt(offset), timestamp, key, value },
    headers: withoutForeign(headers),
    refusal: batch ?? refusal,
    firstOffset: batch?.header.firstOffset ?? null,
  };
}

/** The client takes what every object of JavaScript has, such as `constructor`, for the first of several headers of that name. */
function withoutForeign(headers: IHeaders): IHeaders {
  const entries = Object.entries(headers);
  if (!entries.some(([, value]) => Array.isArray(value))) return headers;
  const isSent = (value: unknown): boolean => value === null || Buffer.isBuffer(value);
  return Object.fromEntries<IHeaders[string]>(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.filter(isSent) : value]),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** null for bytes that are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** The JSON value of a message's bytes; throws NOT_JSON. */
export function jsonOf(value: Buffer): unknown {
  const text = textOf(value);
  if (text === null) throw new RecollectError('NOT_JSON', 'the value is not UTF-8: send JSON');
  if (text === '') throw new RecollectError('NOT_JSON', 'the value is empty: send a JSON object');
  try {
    return JSON.parse(text);
  } catch {
    throw new RecollectError('NOT_JSON', `the value is not JSON (${value.length} bytes): send a JSON object`);
  }
}
