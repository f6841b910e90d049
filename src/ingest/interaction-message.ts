/** A message of the topic of interactions: its bytes -> an interaction, or why not. The body's user decides, not the key. */
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { readInteraction, type Interaction, type InteractionRules } from '../model/interaction.js';
import { jsonOf, textOf, type Message } from './message.js';
import { placeOfMessage } from './origin.js';

export function interactionRules(config: Config): InteractionRules {
  const { kinds, earliestTime, futureToleranceMs } = config;
  return { kinds: new Set(Object.keys(kinds)), earliestTime, futureToleranceMs };
}

/** Throws a RecollectError for what is refused. */
export function readInteractionMessage(message: Message, rules: InteractionRules, now: number): Interaction {
  if (message.value === null) {
    throw new RecollectError(
      'MISSING_FIELD',
      'the value is null, and an interaction can not be deleted by a tombstone',
    );
  }
  return readInteraction(jsonOf(message.value), rules, now, derivedId(message));
}

/**
 * The id of an interaction whose producer gave none: where the message first lay. It stays the same when Kafka delivers it again or a
 * dead letter is replayed; the time tells it from a message at the same place of a topic that was deleted and made anew.
 */
function derivedId(message: Message): string {
  const { topic, partition, offset, timestamp } = placeOfMessage(message);
  return `kafka:${topic}:${partition}:${offset}:${timestamp}`;
}

export function isKeyOther({ key }: Message, { userId }: Interaction): boolean {
  return key !== null && textOf(key) !== userId;
}
