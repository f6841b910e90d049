/**
 * The form of the messages, for producers: published as JSON Schema (`recollect schema`, `schema/*.json`). What the service itself reads by is
 * `readInteraction`, `readItem` and `readUserMessage`, which say in words what is wrong; a test holds both to the same verdicts. Not in
 * here: names of other recommenders, envelopes, and what depends on settings or on the clock (kinds, earliest time, future).
 */
import { z } from 'zod';
import type { topicNames } from '../config.js';
import { endOfYears } from '../model/instant.js';

export type TopicName = (typeof topicNames)[number];

const id = (about: string) =>
  z
    .union([z.string().min(1).max(256).regex(/\S/), z.int()])
    .meta({ description: `${about}; 1 to 256 characters, kept as given, or a whole number, taken as its digits.` });

const instant = (about: string) =>
  z
    .union([z.iso.datetime({ offset: true, local: false }), z.number().min(1e11).lt(endOfYears)])
    .meta({ description: `${about}: ISO-8601 with a zone, or milliseconds since 1970.` });

const properties = (kibibytes: number) =>
  z.record(z.string(), z.json()).meta({ description: `Anything else, at most ${kibibytes} KiB as JSON.` });

const schemaVersion = z
  .union([z.literal(1), z.string().regex(/^1(\.\d{1,4}){0,2}$/)])
  .meta({ description: 'The version of this form; 1 where it is left out.' });

const someone = { not: { type: 'null' } };
const interaction = z
  .strictObject({
    id: id('Unique for its user; the same id again changes nothing. Left out: made of the place in the log').nullish(),
    userId: id('The user').nullish(),
    sessionId: id('The visit; without a userId it is the visitor').nullish(),
    itemId: id('The item'),
    kind: z.string().min(1).max(64).meta({ description: 'One of RECOLLECT_KINDS, such as view.' }),
    value: z.number().nullish().meta({ description: 'A rating, seconds, a portion: what the producer means by it.' }),
    occurredAt: instant('When it happened'),
    recommendationId: id('The answer that led to it').nullish(),
    properties: properties(4).nullish(),
    schemaVersion: schemaVersion.nullish(),
  })
  .refine(({ userId, sessionId }) => (userId ?? sessionId ?? null) !== null, 'userId or sessionId is needed')
  .meta({
    title: 'Interaction',
    description: 'What a user did with an item; the key of the message is the userId.',
    anyOf: ['userId', 'sessionId'].map((field) => ({ required: [field], properties: { [field]: someone } })),
  });

const item = z
  .strictObject({
    id: id('The item, as the key of the message').nullish(),
    title: z.string().max(1_000).nullish(),
    categories: z.array(z.string().max(256)).max(100).nullish(),
    properties: properties(16).nullish(),
    vector: z
      .array(z.number())
      .nullish()
      .meta({ description: 'Of an image, audio or text; RECOLLECT_ITEM_VECTOR_LENGTH is its length.' }),
    available: z.boolean().nullish().meta({ description: 'Whether it may be recommended; true where it is left out.' }),
    createdAt: instant('When it was made').nullish(),
    expiresAt: instant('From when on it is not recommended').nullish(),
    schemaVersion: schemaVersion.nullish(),
  })
  .meta({
    title: 'Item',
    description:
      'A whole item: what is left out is empty afterwards. The key of the message is its id; a null value deletes it.',
  });

const user = z
  .strictObject({
    id: id('The user, as the key of the message').nullish(),
    properties: properties(16).nullish(),
    schemaVersion: schemaVersion.nullish(),
  })
  .meta({
    title: 'User',
    description: 'A whole profile. The key of the message is the userId; a null value deletes the properties.',
  });

export const messageSchemas = { interactions: interaction, items: item, users: user } satisfies Record<
  TopicName,
  z.ZodType
>;

/** The JSON Schema of a topic's messages, as text. */
export function jsonSchemaOf(topic: TopicName): string {
  return `${JSON.stringify(z.toJSONSchema(messageSchemas[topic], { io: 'input' }), null, 2)}\n`;
}
