/** Dead letters as they lie in a dead-letter topic: whole, also those that are too large for Postgres. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka, KafkaMessage } from 'kafkajs';
import type { Coordinates } from '../storage/dead-letter.store.js';
import type { DeadLetterEntity } from '../storage/dead-letter.entity.js';
import { deadLetterTopic } from './kafka-client.js';
import { headerPrefix, originOf } from './origin.js';

export type Sought = Pick<DeadLetterEntity, keyof Coordinates | 'refusedAt'>;
export type FoundLetter = Pick<KafkaMessage, 'key' | 'value'>;

/** A letter is sent after it was kept in Postgres, by clocks that may differ. */
const clockDifferenceMs = 3_600_000;

/**
 * Hands over each of the letters of one topic that is found whole, once, and returns the others: their topic has them cut or no longer.
 * `group`: beginning of the name of a consumer group for the time of the look.
 */
export async function scanDeadLetters<L extends Sought>(
  kafka: Kafka,
  group: string,
  letters: readonly L[],
  found: (letter: L, message: FoundLetter) => Promise<void>,
): Promise<readonly L[]> {
  const sought = new Map(letters.map((letter) => [keyOf(letter), letter]));
  const [first] = letters;
  if (first === undefined) return [];
  const topic = deadLetterTopic(first.topic);
  const admin = kafka.admin();
  const groupId = `${group}.dead-letters.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 250,
    retry: { restartOnFailure: async () => Promise.resolve(false) },
  });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    const ranges = await rangesOf(admin, topic, letters);
    if (ranges.size === 0) return letters;
    const failure = new AbortController();
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      failure.abort(payload.error);
    });
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async (payload) => {
        const { batch } = payload;
        for (const message of batch.messages) {
          if (!payload.isRunning() || sought.size === 0) break;
          const origin = originOf({ headers: message.headers ?? {} });
          const letter = origin === null ? undefined : sought.get(keyOf(origin));
          if (letter === undefined || isCut(message)) continue;
          await found(letter, message);
          sought.delete(keyOf(letter));
          await payload.heartbeat();
        }
        const end = ranges.get(batch.partition)?.end;
        if (end !== undefined && BigInt(batch.lastOffset()) + 1n >= end) ranges.delete(batch.partition);
      },
    });
    for (const [partition, { begin }] of ranges) consumer.seek({ topic, partition, offset: String(begin) });
    while (ranges.size > 0 && sought.size > 0) {
      failure.signal.throwIfAborted();
      await sleep(50);
    }
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined); // the brokers forget it by themselves too
    await admin.disconnect();
  }
  return [...sought.values()];
}

/** By partition: from where the letters can lie up to the end of the topic, without it. */
async function rangesOf(
  admin: Admin,
  topic: string,
  letters: readonly Sought[],
): Promise<Map<number, { readonly begin: bigint; readonly end: bigint }>> {
  const partitions = new Set(letters.map(({ partition }) => partition));
  const earliest = Math.min(...letters.map(({ refusedAt }) => refusedAt.getTime())) - clockDifferenceMs;
  const begins = await admin.fetchTopicOffsetsByTimestamp(topic, earliest);
  const begin = new Map(begins.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return new Map(
    (await admin.fetchTopicOffsets(topic)).flatMap(({ partition, low, high }) => {
      const range = { begin: begin.get(partition) ?? BigInt(low), end: BigInt(high) };
      return partitions.has(partition) && range.begin < range.end ? [[partition, range] as const] : [];
    }),
  );
}

function keyOf({ topic, partition, offset, timestamp }: Coordinates): string {
  return [topic, partition, offset, timestamp].join(' ');
}

/** A letter that the topic took only without its key or a part of its value says how much is missing, or has neither. */
function isCut({ key, value, headers }: KafkaMessage): boolean {
  return headers?.[`${headerPrefix}omitted-bytes`] !== undefined || (key === null && !value?.length);
}
