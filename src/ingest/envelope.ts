/**
 * What a message carries, taken out of what it came in: a CloudEvent, which shows by itself, and an envelope, which is a setting of the
 * topic since any object could look like one.
 *
 * - `connect`: the JSON converter of Kafka Connect with schemas, {"schema", "payload"}.
 * - `debezium`: a change of a row, {"before", "after", "op"}, with or without schema and payload around it. The row is `after`.
 *
 * In both, the key may be JSON too: a text, a number, or an object with the one column of the primary key.
 */
import { RecollectError } from '../errors.js';
import { readId } from '../model/identifier.js';
import { cloudEventOf, type CloudEvent } from './cloud-event.js';
import { isObject, type JsonObject } from './fields.js';
import { jsonOf, textOf, type Message } from './message.js';

export const envelopeNames = ['connect', 'debezium'] as const;
export type EnvelopeName = (typeof envelopeNames)[number];

export interface Content {
  /** null: what the key names is deleted */
  readonly body: { readonly value: unknown } | null;
  readonly event: CloudEvent | null;
  /** the row was there before, with other values */
  readonly isUpdate: boolean;
}

/** `envelope` undefined: the topic has none. Throws a RecollectError for what can't be read. */
export function contentOf(message: Message, envelope: EnvelopeName | undefined): Content {
  if (message.value === null) return { body: null, event: null, isUpdate: false };
  const event = cloudEventOf(message, message.value);
  const value = event === null ? jsonOf(message.value) : event.data;
  switch (envelope) {
    case undefined:
      return { body: { value }, event, isUpdate: false };
    case 'connect': {
      const payload = payloadOf(objectOf(value));
      return { body: payload === null ? null : { value: payload }, event, isUpdate: false };
    }
    case 'debezium':
      return { ...ofChange(objectOf(value)), event };
  }
}

/** The id that the key names; throws where it names none. */
export function keyOf({ key }: Message, envelope: EnvelopeName | undefined): string {
  const text = key === null ? null : (textOf(key) ?? '\0');
  return readId(text === null || envelope === undefined ? text : idInKey(text), 'key');
}

function payloadOf(value: JsonObject): unknown {
  if (Object.hasOwn(value, 'schema') && Object.hasOwn(value, 'payload')) return value.payload;
  const message =
    'the value has no schema and payload: set schemas.enable of the JSON converter, or take the topic out of KAFKA_ENVELOPES';
  throw new RecollectError('MISSING_FIELD', message, { field: 'payload' });
}

function ofChange(value: JsonObject): Pick<Content, 'body' | 'isUpdate'> {
  const change = objectOf(Object.hasOwn(value, 'payload') ? payloadOf(value) : value);
  const { op, after } = change;
  switch (op) {
    case 'd':
      return { body: null, isUpdate: false };
    case 'c':
    case 'r':
    case 'u':
      return { body: { value: after ?? null }, isUpdate: op === 'u' };
    default: {
      const message =
        'op is none of c, r, u, d: only changes of rows are read, as Debezium writes them without ExtractNewRecordState';
      throw new RecollectError('INVALID_VALUE', message, { field: 'op' });
    }
  }
}

function idInKey(text: string): unknown {
  let key: unknown;
  try {
    key = JSON.parse(text);
  } catch {
    return text; // of the text converter
  }
  if (isObject(key) && Object.hasOwn(key, 'payload')) key = key.payload;
  if (!isObject(key)) return key;
  const columns = Object.values(key);
  if (columns.length === 1) return columns[0];
  const message = `the key has ${columns.length} columns: the id is one column, so choose it by message.key.columns`;
  throw new RecollectError('INVALID_ID', message, { field: 'key' });
}

function objectOf(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new RecollectError('NOT_AN_OBJECT', 'the envelope of the message is no JSON object');
}
