/**
 * CloudEvents 1.0 on Kafka. Binary mode: attributes are headers (`ce_id`, `ce_time`, ...) and the value is the data. Structured mode: the
 * header content-type is application/cloudevents+json and the value holds both. Only JSON is read, as data and as event format.
 */
import { RecollectError } from '../errors.js';
import { isObject } from './fields.js';
import { jsonOf, textOf, type Message } from './message.js';

/** What an event says about its data; null: not given. */
export interface CloudEvent {
  readonly id: unknown;
  readonly time: unknown;
  readonly type: unknown;
  readonly data: unknown;
}

const structured = 'application/cloudevents';

/** null for a message that is no CloudEvent. Throws a RecollectError for one that can't be read. */
export function cloudEventOf(message: Message, value: Buffer): CloudEvent | null {
  const contentType = mediaTypeOf(header(message, 'content-type') ?? '');
  if (contentType.startsWith(structured)) return fromJson(value, contentType);
  const [version, id] = [header(message, 'ce_specversion'), header(message, 'ce_id')];
  if (version === null && id === null) return null;
  checkVersion(version, 'ce_specversion');
  checkJson(contentType, 'content-type');
  const [time, type] = [header(message, 'ce_time'), header(message, 'ce_type')];
  return { id, time, type, data: jsonOf(value) };
}

function fromJson(value: Buffer, contentType: string): CloudEvent {
  if (contentType !== `${structured}+json`) throw notJson('content-type', `is ${contentType}: send ${structured}+json`);
  const event = jsonOf(value);
  if (!isObject(event)) throw new RecollectError('NOT_AN_OBJECT', 'the CloudEvent is no JSON object');
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(event));
  const read = (name: string): unknown => given.get(name) ?? null;
  checkVersion(read('specversion'), 'specversion');
  const mediaType = read('datacontenttype');
  checkJson(typeof mediaType === 'string' ? mediaTypeOf(mediaType) : '', 'datacontenttype');
  const base64 = read('data_base64');
  const data = typeof base64 === 'string' ? jsonOf(Buffer.from(base64, 'base64')) : read('data');
  return { id: read('id'), time: read('time'), type: read('type'), data };
}

function header({ headers }: Message, name: string): string | null {
  const value = headers[name];
  const one = Array.isArray(value) ? value[0] : value;
  return one === undefined || typeof one === 'string' ? (one ?? null) : textOf(one);
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function checkVersion(version: unknown, field: string): void {
  if (version === null || (typeof version === 'string' && /^1(\.\d+)?$/.test(version))) return;
  throw new RecollectError('INVALID_VALUE', `${field} is not 1.0: only CloudEvents 1 are read`, { field });
}

function checkJson(mediaType: string, field: string): void {
  if (mediaType === '' || /^\w+\/(.*\+)?json$/.test(mediaType)) return;
  throw notJson(field, 'is no kind of JSON: send application/json');
}

function notJson(field: string, fault: string): RecollectError {
  return new RecollectError('NOT_JSON', `${field} ${fault}`, { field });
}
