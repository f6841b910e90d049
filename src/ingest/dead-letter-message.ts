/** A dead letter as it travels: its message as it came, with what is wrong in headers; or as much of it as its topic takes. */
import type { IHeaders, Message as Outgoing } from 'kafkajs';
import type { DeadLetter } from './dead-letter.js';
import { headerPrefix, placeOfMessage } from './origin.js';

export const maxReasonCharacters = 1_000;
/** Left of a value that is too large to be kept whole. */
export const cutValueBytes = 65_536;
/** More than anyone tries; a number that a producer made up is cut to it. */
const mostAttempts = 1_000_000;

/** From the whole message to what always fits: the next one is for a topic that does not take the one before. */
export const forms: readonly ((letter: DeadLetter) => Outgoing)[] = [whole, cutTo(cutValueBytes), cutTo(0), bare];

/** How often the message was tried, with the times before it was sent again. */
export function attemptsOf({ message, attempts }: DeadLetter): number {
  const earlier = Number(message.headers[`${headerPrefix}attempts`]?.toString() ?? 0);
  return Math.min(mostAttempts, attempts + (Number.isSafeInteger(earlier) && earlier > 0 ? earlier : 0));
}

/** Of a batch that was refused as a whole; null for one message. */
export function lastOffsetOf({ offset, firstOffset = null }: DeadLetter['message']): string | null {
  return firstOffset === null ? null : String(offset);
}

/** Those that its producer gave it. */
export function ownHeaders({ headers }: DeadLetter['message']): IHeaders {
  const own = Object.entries(headers)
    .filter(([name]) => !name.startsWith(headerPrefix))
    .map(([name, value]) => [name, Array.isArray(value) ? value.map(filled) : filled(value)]);
  return Object.fromEntries(own) as IHeaders;
}

/** A header of Kafka may be null, which the client reads but can't send. */
function filled(value: string | Buffer | null | undefined): string | Buffer {
  return value ?? '';
}

function whole(letter: DeadLetter): Outgoing {
  const { message, code, field, reason } = letter;
  const { topic, partition, offset, timestamp } = placeOfMessage(message);
  const facts: IHeaders = {
    topic,
    partition: String(partition),
    offset,
    timestamp,
    code,
    message: reason.slice(0, maxReasonCharacters),
    attempts: String(attemptsOf(letter)),
    ...(field === null ? {} : { field }),
    ...(lastOffsetOf(message) === null ? {} : { 'last-offset': lastOffsetOf(message) ?? '' }),
  };
  const named = Object.entries(facts).map(([name, value]) => [headerPrefix + name, value]);
  const headers = Object.fromEntries([...Object.entries(ownHeaders(message)), ...named]) as IHeaders;
  return { partition: message.partition, key: message.key, value: message.value, headers };
}

/** The beginning of the value, and how much is missing. */
function cutTo(bytes: number): (letter: DeadLetter) => Outgoing {
  return (letter) => {
    const { headers = {}, ...rest } = whole(letter);
    const { value } = letter.message;
    if (value === null || value.length <= bytes) return { ...rest, headers };
    const omitted = { [`${headerPrefix}omitted-bytes`]: String(value.length - bytes) };
    return { ...rest, value: bytes === 0 ? null : value.subarray(0, bytes), headers: { ...headers, ...omitted } };
  };
}

/** For a message that is large by its key or its headers: what is wrong, and where it lies. */
export function bare(letter: DeadLetter): Outgoing {
  const place = placeOfMessage(letter.message);
  const named = Object.entries(place).map(([name, value]) => [headerPrefix + name, String(value)]);
  const headers = Object.fromEntries(named) as IHeaders;
  return { ...cutTo(0)({ ...letter, message: { ...letter.message, headers } }), key: null };
}
