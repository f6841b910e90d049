/**
 * One batch of one partition, from messages to a transaction:
 *
 *   read each message and see what the settings refuse of them; what is refused becomes a dead letter, before the offset moves past it
 *   write the rest and the next offset in one transaction
 *
 * A fault that lies outside of the batch (database or brokers away, deadlock, tables that are not there) is waited out for as long
 * as it takes: sending good messages to the dead letters would not mend it. A fault that the data may cause is tried a few times,
 * then the batch is halved until the culprit stands alone, which becomes a dead letter.
 */
import { codeOf, isRetriable, messageOf, RecollectError } from '../errors.js';
import type { Position } from '../storage/consumer-progress.store.js';
import { isOfKafka } from './kafka-client.js';
import type { DeadLetter, DeadLetters } from './dead-letter.js';
import type { Message } from './message.js';

export interface Placed<T> {
  readonly value: T;
  readonly offset: bigint;
}

/** What a topic carries: how its messages are read, and where that goes. */
export interface Stream<T> {
  /** throws a RecollectError for what is refused */
  read(message: Message): T;
  /** why each of the values is refused that the database does not allow */
  refuse?(values: readonly T[]): Promise<ReadonlyMap<T, RecollectError>>;
  write(values: readonly Placed<T>[], position: Position): Promise<void>;
}

/** The consumer's turn with the partition. */
export interface Turn {
  /** Waits before the next try and keeps the partition meanwhile; throws when the turn is over. */
  wait(attempt: number, error: unknown): Promise<void>;
}

export type ApplyBatch = (messages: readonly Message[], position: Position, turn: Turn) => Promise<void>;

const triesOfBatch = 5;

export function batchApplier<T>(stream: Stream<T>, deadLetters: Pick<DeadLetters, 'send'>): ApplyBatch {
  return async (messages, position, turn) => {
    const read: Read<T>[] = [];
    const refused: DeadLetter[] = [];
    for (const message of messages) {
      try {
        if (message.refusal) throw message.refusal;
        read.push({ message, value: stream.read(message) });
      } catch (error) {
        refused.push(deadLetterOf(message, error, 1));
      }
    }
    const values = read.map(({ value }) => value);
    const refusals = await outlast(turn, async () => (await stream.refuse?.(values)) ?? new Map<T, RecollectError>());
    for (const { message, value } of read) {
      const error = refusals.get(value);
      if (error !== undefined) refused.push(deadLetterOf(message, error, 1));
    }
    await outlast(turn, async () => deadLetters.send(refused));
    const accepted = read.filter(({ value }) => !refusals.has(value));
    await write(stream, deadLetters, accepted, position, turn, triesOfBatch);
  };
}

interface Read<T> {
  readonly message: Message;
  readonly value: T;
}

async function write<T>(
  stream: Stream<T>,
  deadLetters: Pick<DeadLetters, 'send'>,
  read: readonly Read<T>[],
  position: Position,
  turn: Turn,
  tries: number,
): Promise<void> {
  const fault = await tryTo(turn, tries, async () => {
    await stream.write(
      read.map(({ message, value }) => ({ value, offset: message.offset })),
      position,
    );
  });
  if (fault === null) return;
  const [first] = read;
  if (first === undefined) throw fault;
  if (read.length === 1) {
    await outlast(turn, async () => deadLetters.send([deadLetterOf(first.message, fault, triesOfBatch)]));
    await outlast(turn, async () => stream.write([], position));
    return;
  }
  const half = read.slice(0, read.length >> 1);
  const rest = read.slice(half.length);
  const endOffset = rest[0]?.message.offset ?? position.endOffset;
  await write(stream, deadLetters, half, { ...position, endOffset }, turn, 1);
  await write(stream, deadLetters, rest, { ...position, startOffset: endOffset }, turn, 1);
}

/** null when it worked, else the fault that remained after the tries. */
async function tryTo(turn: Turn, tries: number, work: () => Promise<void>): Promise<Error | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      await outlast(turn, work);
      return null;
    } catch (error) {
      if (!(error instanceof Error) || !isOfData(error)) throw error;
      if (attempt >= tries) return error;
      await turn.wait(attempt, error);
    }
  }
}

/** Tries until it works or fails for a reason that lies in the data. */
async function outlast<R>(turn: Turn, work: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetriable(error) && !isOfDatabase(error)) throw error;
      await turn.wait(attempt, error);
    }
  }
}

/** SQLSTATEs that the data may cause: cardinality, data exceptions, limits of the program. */
const dataClasses = /^(21|22|54)/;

/** Faults of Postgres that no other data would avoid: missing tables or rights, a full disk, its own errors. */
function isOfDatabase(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return /^[0-9A-Z]{5}$/.test(code) && !dataClasses.test(code);
}

/** What the product itself reports (another owner) has nothing to do with the data, nor does the end of the turn. */
function isOfData(error: Error): boolean {
  return !(error instanceof RecollectError) && !(error instanceof TurnOver) && !isOfKafka(error);
}

/** Thrown by a turn that is over: the partition goes to another consumer, or this one stops. Nothing was lost. */
export class TurnOver extends Error {}

function deadLetterOf(message: Message, error: unknown, attempts: number): DeadLetter {
  const isRefusal = error instanceof RecollectError;
  return {
    message,
    code: isRefusal ? error.code : 'INTERNAL',
    field: isRefusal ? error.field : null,
    reason: messageOf(error),
    attempts,
  };
}
