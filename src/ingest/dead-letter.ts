/**
 * What can't be applied is kept: key and value as they came, in `<topic>.dlt`, with headers that say where it lay and what is wrong.
 * A dead letter is sent before the offset moves past its message, so none is lost; one that is sent twice after a crash is twice there.
 * Headers that the message had stay on it.
 */
import type { Admin, IHeaders, Message as Outgoing, Producer } from 'kafkajs';
import { messageOf, RecollectError, type ErrorCode } from '../errors.js';
import { deadLetterTopic, ensureDeadLetterTopic } from './kafka-client.js';
import type { Message } from './message.js';

export interface DeadLetter {
  readonly message: Message;
  readonly code: ErrorCode;
  readonly field: string | null;
  readonly reason: string;
  /** how often it was tried */
  readonly attempts: number;
}

/** Where a message lay first. */
export type Origin = Readonly<Record<'topic' | 'partition' | 'offset' | 'timestamp', string>>;

const prefix = 'recollect-';
const maxReasonCharacters = 1_000;
const maxBytesOfOneSend = 524_288;

/** The first coordinates of a message that is a dead letter sent again; null for any other message. */
export function originOf({ headers }: Pick<Message, 'headers'>): Origin | null {
  const read = (name: string): string | null => headers[prefix + name]?.toString() ?? null;
  const [topic, partition, offset, timestamp] = [read('topic'), read('partition'), read('offset'), read('timestamp')];
  if (topic === null || partition === null || offset === null || timestamp === null) return null;
  return { topic, partition, offset, timestamp };
}

export class DeadLetters {
  constructor(
    private readonly producer: Producer,
    private readonly admin: Admin,
    private readonly count: (sent: number) => void,
  ) {}

  /** Resolves when the brokers have all of them; throws DEAD_LETTER_UNAVAILABLE. They are of one topic. */
  async send(letters: readonly DeadLetter[]): Promise<void> {
    const topic = letters[0]?.message.topic;
    if (topic === undefined) return;
    try {
      for (const part of inParts(letters)) await this.sendPart(deadLetterTopic(topic), part);
      this.count(letters.length);
    } catch (error) {
      await ensureDeadLetterTopic(this.admin, topic).catch(() => undefined); // its topic may have grown; the next try shows it
      throw new RecollectError(
        'DEAD_LETTER_UNAVAILABLE',
        `${letters.length} dead letters could not be sent to ${deadLetterTopic(topic)}: ${messageOf(error)}; ingestion of the partition waits`,
        { cause: error },
      );
    }
  }

  private async sendPart(
    topic: string,
    part: readonly DeadLetter[],
    forms = [outgoing, withoutValue, bare],
  ): Promise<void> {
    const [form = bare, ...smaller] = forms;
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

function outgoing({ message, code, field, reason, attempts }: DeadLetter): Outgoing {
  const { topic, partition, offset, timestamp } = originOf(message) ?? message;
  const earlier = Number(message.headers[`${prefix}attempts`]?.toString() ?? 0);
  const own: IHeaders = {
    topic,
    partition: String(partition),
    offset: String(offset),
    timestamp,
    code,
    message: reason.slice(0, maxReasonCharacters),
    attempts: String(attempts + (Number.isSafeInteger(earlier) ? earlier : 0)),
    ...(field === null ? {} : { field }),
  };
  const kept = Object.entries(message.headers)
    .filter(([name]) => !name.startsWith(prefix))
    .map(([name, value]) => [name, Array.isArray(value) ? value.map(filled) : filled(value)]);
  return {
    partition: message.partition,
    key: message.key,
    value: message.value,
    headers: Object.fromEntries([
      ...kept,
      ...Object.entries(own).map(([name, value]) => [prefix + name, value]),
    ]) as IHeaders,
  };
}

/** A header of Kafka may be null, which the client reads but can't send. */
function filled(value: string | Buffer | null | undefined): string | Buffer {
  return value ?? '';
}

/** For a dead-letter topic that takes smaller messages than its topic: what is wrong, and where the message lies. */
function withoutValue(letter: DeadLetter): Outgoing {
  const { headers, ...rest } = outgoing(letter);
  const bytes = String(letter.message.value?.length ?? 0);
  return { ...rest, value: null, headers: { ...headers, [`${prefix}omitted-bytes`]: bytes } };
}

/** For a message that is large by its key or its headers. */
function bare(letter: DeadLetter): Outgoing {
  return { ...withoutValue({ ...letter, message: { ...letter.message, headers: {} } }), key: null };
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('type' in error && error.type === 'MESSAGE_TOO_LARGE') || isTooLarge(error.cause);
}
