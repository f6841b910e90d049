/** A message of the topic of interactions: its bytes -> interactions, or why not. The body's user decides, not the key. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { visitorOf, type Interaction, type InteractionRules } from '../model/interaction.js';
import { readRecords } from './canonical.js';
import type { DialectName } from './dialect.js';
import { originOf } from './dead-letter.js';
import { jsonOf, textOf, type Message } from './message.js';

/** How the messages of this deployment are read. */
export interface InteractionReading {
  readonly rules: InteractionRules;
  /** undefined: recognised by the names of each message */
  readonly dialect: DialectName | undefined;
}

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
  { rules, dialect }: InteractionReading,
  now: number,
): readonly Interaction[] {
  if (message.value === null) {
    throw new RecollectError(
      'MISSING_FIELD',
      'the value is null, and an interaction can not be deleted by a tombstone',
    );
  }
  const place = derivedId(message);
  return readRecords(jsonOf(message.value), dialect, rules, now, (n) => (n === 0 ? place : `${place}:${n}`));
}

/**
 * The id of an interaction whose producer gave none: where the message first lay. It stays the same when Kafka delivers it again or a
 * dead letter is replayed; the time tells it from a message at the same place of a topic that was deleted and made anew.
 */
function derivedId(message: Message): string {
  const { topic, partition, offset, timestamp } = originOf(message) ?? message;
  return `kafka:${topic}:${partition}:${offset}:${timestamp}`;
}

/** A visitor's events may be keyed by the session itself. */
export function isKeyOther({ key }: Message, { userId, sessionId }: Interaction): boolean {
  const text = key === null ? userId : textOf(key);
  return text !== userId && !(text === sessionId && sessionId !== null && userId === visitorOf(sessionId));
}
