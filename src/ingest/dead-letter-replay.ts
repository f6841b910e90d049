/**
 * Dead letters sent to their topics again, in the order of their places, when what refused them has been mended: key, value, headers
 * and time as they came, to the partition where they lay, with where they lay first in headers. A derived id stays what it would have
 * been, so that a letter that is sent twice, since the command died before it noted the first time, is applied once.
 */
import type { IHeaders, Producer } from 'kafkajs';
import type { EntityManager } from 'typeorm';
import type { DeadLetterEntity } from '../storage/dead-letter.entity.js';
import { listDeadLetters, markReplayed, type DeadLetterFilter } from '../storage/dead-letter.store.js';
import { headerPrefix } from './origin.js';

const lettersAtOnce = 100;

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

/** Returns whether it was sent; one that is not here as it came can't be. */
export async function replayDeadLetter(
  tx: EntityManager,
  producer: Producer,
  letter: DeadLetterEntity,
): Promise<boolean> {
  if (!letter.isWhole) return false;
  const { topic, partition, key, value, timestamp } = letter;
  await producer.send({ topic, messages: [{ partition, key, value, timestamp, headers: headersOf(letter) }] });
  await markReplayed(tx, letter);
  return true;
}

function headersOf({ headers, topic, partition, offset, timestamp, attempts }: DeadLetterEntity): IHeaders {
  const own = Object.entries(Object.groupBy(headers, ([name]) => name)).map(([name, values = []]) => {
    const bytes = values.map(([, value]) => Buffer.from(value, 'base64'));
    return [name, bytes.length === 1 ? bytes[0] : bytes];
  });
  const place = { topic, partition, offset, timestamp, attempts };
  const named = Object.entries(place).map(([name, value]) => [headerPrefix + name, String(value)]);
  return Object.fromEntries([...own, ...named]) as IHeaders;
}
