/** A message of the topic of interactions: its bytes -> interactions, or why not. The body's user decides, not the key. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { readId } from '../model/identifier.js';
import { visitorOf, type Interaction, type InteractionRules } from '../model/interaction.js';
import { contentOf, type EnvelopeName } from './envelope.js';
import { readRecords, type InteractionReading } from './interaction-record.js';
import { textOf, type Message } from './message.js';
import { placeOfMessage } from './origin.js';

export function interactionReading(config: Config): InteractionReading {
  const { kafkaDialect } = config;
  return { rules: interactionRules(config), dialect: kafkaDialect === 'auto' ? undefined : kafkaDialect };
}

export function interactionRules(config: Config): InteractionRules {
  const { kinds, earliestTime, futureToleranceMs } = config;
  return { kinds: new Set(Object.keys(kinds)), earliestTime, futureToleranceMs };
}

/** One interaction, or all of a request with several. Throws a RecollectError for what is refused; of a request then all is. */
export function readInteractionMessage(
  message: Message,
  reading: InteractionReading,
  envelope: EnvelopeName | undefined,
  now: number,
): readonly Interaction[] {
  const { body, event, isUpdate } = contentOf(message, envelope);
  if (body === null) {
    throw new RecollectError(
      'MISSING_FIELD',
      'nothing is in the message, and an interaction can not be deleted by one',
    );
  }
  if (isUpdate) {
    const fault = 'op is u: an interaction is a fact and does not change; give the new one an id of its own';
    throw new RecollectError('INVALID_VALUE', fault, { field: 'op' });
  }
  const id = event === null || event.id === null ? null : readId(event.id, 'ce_id');
  return readRecords(body.value, reading, now, { id: () => id ?? derivedId(message), event: event ?? undefined });
}

/**
 * The id of an interaction whose producer gave none: where the message first lay. It stays the same when Kafka delivers it again or a
 * dead letter is replayed; the time tells it from a message at the same place of a topic that was deleted and made anew.
 */
function derivedId(message: Message): string {
  const { topic, partition, offset, timestamp } = placeOfMessage(message);
  return `kafka:${topic}:${partition}:${offset}:${timestamp}`;
}

/** A visitor's events may be keyed by the session itself. */
export function isKeyOther({ key }: Message, { userId, sessionId }: Interaction): boolean {
  const text = key === null ? userId : textOf(key);
  return text !== userId && !(text === sessionId && sessionId !== null && userId === visitorOf(sessionId));
}
