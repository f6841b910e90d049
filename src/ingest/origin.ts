/** Where a message lay first. A dead letter that is sent again says so in its headers, so that it keeps the id that was derived from it. */
import type { Coordinates } from '../storage/dead-letter.store.js';
import type { Message } from './message.js';

/** Of every header that the product writes. */
export const headerPrefix = 'recollect-';

const topicName = /^[a-zA-Z0-9._-]{1,249}$/;
const number = /^-?\d{1,18}$/;
const largestPartition = 2 ** 31 - 1;

/** Null for a message that is no dead letter sent again, and for headers that no dead letter has. */
export function originOf({ headers }: Pick<Message, 'headers'>): Coordinates | null {
  const read = (name: string): string => headers[headerPrefix + name]?.toString() ?? '';
  const [topic, partition, offset, timestamp] = [
    read('topic'),
    Number(read('partition') || NaN),
    read('offset'),
    read('timestamp'),
  ];
  const isPlace =
    topicName.test(topic) && Number.isInteger(partition) && partition >= 0 && partition <= largestPartition;
  return isPlace && number.test(offset) && number.test(timestamp) ? { topic, partition, offset, timestamp } : null;
}

/** Of a batch that was refused as a whole: where it begins. */
export function placeOfMessage(message: Message): Coordinates {
  const { topic, partition, offset, firstOffset, timestamp } = message;
  return originOf(message) ?? { topic, partition, offset: String(firstOffset ?? offset), timestamp };
}
