/**
 * What can't be applied is kept: in Postgres, to be looked up and sent again, and as it came in `<topic>.dlt`, with headers that say
 * where it lay and what is wrong. Both are written before the offset moves past the message, so none is lost; one that is written
 * twice after a crash is once in Postgres and twice in the topic. Headers that the message had stay on it.
 */
import type { Admin, IHeaders, Producer } from 'kafkajs';
import { messageOf, RecollectError, type ErrorCode } from '../errors.js';
import type { DeadLetterRow } from '../storage/dead-letter.store.js';
import {
  attemptsOf,
  bare,
  cutValueBytes,
  forms,
  lastOffsetOf,
  maxReasonCharacters,
  ownHeaders,
} from './dead-letter-message.js';
import { deadLetterTopic, ensureDeadLetterTopic } from './kafka-client.js';
import type { Message } from './message.js';
import { placeOfMessage } from './origin.js';

export interface DeadLetter {
  readonly message: Message;
  readonly code: ErrorCode;
  readonly field: string | null;
  readonly reason: string;
  /** how often it was tried */
  readonly attempts: number;
}

const maxBytesOfOneSend = 524_288;
/** Kept whole in Postgres; as large as a message is that brokers take unless told otherwise. */
const maxKeptBytes = 1_048_576;
const maxFieldCharacters = 256;

export class DeadLetters {
  constructor(
    private readonly producer: Producer,
    private readonly admin: Admin,
    private readonly keep: (rows: readonly DeadLetterRow[]) => Promise<void>,
    private readonly count: (sent: readonly DeadLetter[]) => void,
  ) {}

  /** Resolves when Postgres and the brokers have all of them; throws DEAD_LETTER_UNAVAILABLE. They are of one topic. */
  async send(letters: readonly DeadLetter[]): Promise<void> {
    const topic = letters[0]?.message.topic;
    if (topic === undefined) return;
    const parts = inParts(letters);
    for (const part of parts) await this.keep(rowsOf(part));
    try {
      for (const part of parts) await this.sendPart(deadLetterTopic(topic), part);
      this.count(letters);
    } catch (error) {
      await ensureDeadLetterTopic(this.admin, topic).catch(() => undefined); // its topic may have grown; the next try shows it
      throw new RecollectError(
        'DEAD_LETTER_UNAVAILABLE',
        `${letters.length} dead letters could not be sent to ${deadLetterTopic(topic)}: ${messageOf(error)}; ingestion of the partition waits`,
        { cause: error },
      );
    }
  }

  private async sendPart(topic: string, part: readonly DeadLetter[], left = forms): Promise<void> {
    const [form = bare, ...smaller] = left;
    try {
      await this.producer.send({ topic, messages: part.map(form) });
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (part.length > 1) for (const letter of part) await this.sendPart(topic, [letter]);
      else if (smaller.length > 0) await this.sendPart(topic, part, smaller);
      else throw error;
    }
  }
}

/** The messages of one send travel as one record, which has a largest size. */
function inParts(letters: readonly DeadLetter[]): readonly DeadLetter[][] {
  const parts: DeadLetter[][] = [];
  let room = 0;
  for (const letter of letters) {
    const { key, value, headers } = letter.message;
    const bytes = (key?.length ?? 0) + (value?.length ?? 0) + bytesOf(headers) + maxReasonCharacters;
    if (room < bytes) {
      parts.push([]);
      room = maxBytesOfOneSend;
    }
    parts.at(-1)?.push(letter);
    room -= bytes;
  }
  return parts;
}

function bytesOf(headers: IHeaders): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('type' in error && error.type === 'MESSAGE_TOO_LARGE') || isTooLarge(error.cause);
}

/** A message that is sent again may be refused twice in a batch: the last time counts. */
function rowsOf(letters: readonly DeadLetter[]): readonly DeadLetterRow[] {
  const rows = letters.map(rowOf);
  return [...new Map(rows.map((row) => [[row.topic, row.partition, row.offset, row.timestamp].join(), row])).values()];
}

function rowOf(letter: DeadLetter): DeadLetterRow {
  const { message, code, field, reason } = letter;
  const { key, value } = message;
  const headers = Object.entries(ownHeaders(message)).flatMap(([name, values]) =>
    [values].flat().map((one): [string, string] => [name, Buffer.from(one ?? '').toString('base64')]),
  );
  const isLarge = (key?.length ?? 0) + (value?.length ?? 0) > maxKeptBytes;
  return {
    ...placeOfMessage(message),
    lastOffset: lastOffsetOf(message),
    key: isLarge ? (key?.subarray(0, cutValueBytes) ?? null) : key,
    value: isLarge ? (value?.subarray(0, cutValueBytes) ?? null) : value,
    headers,
    isWhole: !isLarge && lastOffsetOf(message) === null,
    code,
    field: field === null ? null : storable(field, maxFieldCharacters),
    message: storable(reason, maxReasonCharacters),
    attempts: attemptsOf(letter),
  };
}

/** As Postgres can hold it: without NUL and halves of surrogate pairs. */
function storable(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).toWellFormed().replaceAll('\0', '\u{fffd}');
}
