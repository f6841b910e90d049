/**
 * Dead letters sent to their topics again, in the order of their places, when what refused them has been mended: key, value, headers
 * and time as they came, to the partition where they lay, with where they lay first in headers. A derived id stays what it would have
 * been, so that a letter that is sent twice, since the command died before it noted the first time, is applied once.
 */
import type { IHeaders, Producer } from 'kafkajs';
import type { EntityManager } from 'typeorm';
import type { DeadLetterEntity } from '../storage/dead-letter.entity.js';
import { listDeadLetters, markReplayed, type DeadLetterFilter } from '../storage/dead-letter.store.js';
import type { FoundLetter } from './dead-letter-scan.js';
import { headerPrefix } from './origin.js';

const lettersAtOnce = 100;

/** All of a letter but the message itself. */
export type DeadLetterHead = Omit<DeadLetterEntity, 'key' | 'value'>;

export async function* deadLettersOf(
  tx: EntityManager,
  filter: DeadLetterFilter,
): AsyncGenerator<DeadLetterEntity, void> {
  for (let after: DeadLetterEntity | null = null; ;) {
    const page: readonly DeadLetterEntity[] = await listDeadLetters(tx, filter, after, lettersAtOnce);
    yield* page;
    after = page.at(-1) ?? null;
    if (page.length < lettersAtOnce) return;
  }
}

/** `message`: the letter's key and value as they came. */
export async function replayDeadLetter(
  tx: EntityManager,
  producer: Pick<Producer, 'send'>,
  letter: DeadLetterHead,
  { key, value }: FoundLetter,
): Promise<void> {
  const { topic, partition, timestamp } = letter;
  await producer.send({ topic, messages: [{ partition, key, value, timestamp, headers: headersOf(letter) }] });
  await markReplayed(tx, letter);
}

function headersOf({ headers, topic, partition, offset, timestamp, attempts }: DeadLetterHead): IHeaders {
  const own = Object.entries(Object.groupBy(headers, ([name]) => name)).map(([name, values = []]) => {
    const bytes = values.map(([, value]) => Buffer.from(value, 'base64'));
    return [name, bytes.length === 1 ? bytes[0] : bytes];
  });
  const place = { topic, partition, offset, timestamp, attempts };
  const named = Object.entries(place).map(([name, value]) => [headerPrefix + name, String(value)]);
  return Object.fromEntries([...own, ...named]) as IHeaders;
}
