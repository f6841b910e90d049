/**
 * How other recommenders name what an interaction says: for each of them a table, name -> field of an interaction, and how the value
 * is read where it is given in another form. A name is only another name: nothing here decides whether a value is right.
 *
 * - Amazon Personalize: columns of the dataset Interactions (TIMESTAMP counts seconds), and events of PutEvents (the unit of sentAt
 *   is not told apart there, so it must be ISO-8601 or milliseconds), whose `properties` are a JSON text that may hold itemId and eventValue.
 * - Gorse: feedback; Go writes a missing time as the year 1.
 * - Metarank: events of the kind `interaction`; times are ISO-8601 or milliseconds, also as text.
 * - MovieLens: ratings. RecBole: columns of an atomic file, without their types. Both count seconds.
 * - Recombee: parameters of Add... and Set... requests; times are ISO-8601 or count seconds.
 */
import { RecollectError } from '../errors.js';
import { typeName } from '../model/identifier.js';
import { secondsToMs } from '../model/instant.js';
import type { InteractionField } from '../model/interaction.js';

/** Those that a record is recognised by. */
export const dialectNames = ['personalize', 'gorse', 'metarank', 'recombee'] as const;
/** Files come in two more, which must be named: what their fields are called is too common to tell. */
export const fileDialectNames = [...dialectNames, 'movielens', 'recbole'] as const;
export type DialectName = (typeof fileDialectNames)[number];

/** Gives the value as an interaction has it; what it can't read it returns as it is, to be refused by its field. */
type Form = (value: unknown, name: string) => unknown;

export interface Alias {
  /** `property`: kept in the properties under its own name; null: says nothing about the interaction */
  readonly field: InteractionField | 'property' | null;
  readonly form?: Form;
  /** the kind that an interaction with this name is of, unless it says another */
  readonly kind?: string;
}

const asNumber: Form = (value) =>
  typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : value;

const asSeconds: Form = (value, name) => {
  const number = asNumber(value, name);
  return typeof number === 'number' ? secondsToMs(number, name) : value;
};

/** null: Go's zero time, an empty text or list */
const unlessEmpty: Form = (value) => {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return null;
  return typeof value === 'string' && value.startsWith('0001-01-01T00:00:00') ? null : value;
};

const asJsonText: Form = (value, name) => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new RecollectError('INVALID_PROPERTIES', `${name} is text that is not JSON: give a JSON object`, {
      field: name,
    });
  }
};

const fromNamedValues: Form = (value, name) => {
  if (!Array.isArray(value)) return value;
  const entries = value.map((entry: unknown): [string, unknown] => {
    const { name: key, value: given } = Object(entry) as { name?: unknown; value?: unknown };
    if (typeof key === 'string') return [key, given];
    throw new RecollectError('INVALID_PROPERTIES', `${name} holds an entry without a name: give {"name", "value"}`, {
      field: name,
    });
  });
  return Object.fromEntries(entries);
};

const isInteraction: Form = (value, name) => {
  if (value === 'interaction') return value;
  const found = typeof value === 'string' ? 'another kind of event' : typeName(value);
  throw new RecollectError('INVALID_VALUE', `${name} is ${found}: only "interaction" is one`, { field: name });
};

const property: Alias = { field: 'property', form: unlessEmpty };
const noFact: Alias = { field: null };

export const dialects: Readonly<Record<DialectName, Readonly<Record<string, Alias>>>> = {
  personalize: {
    USER_ID: { field: 'userId' },
    ITEM_ID: { field: 'itemId' },
    EVENT_TYPE: { field: 'kind' },
    EVENT_VALUE: { field: 'value', form: asNumber },
    TIMESTAMP: { field: 'occurredAt', form: asSeconds },
    RECOMMENDATION_ID: { field: 'recommendationId' },
    IMPRESSION: property,
    eventId: { field: 'id' },
    userId: { field: 'userId' },
    sessionId: { field: 'sessionId' },
    itemId: { field: 'itemId' },
    eventType: { field: 'kind' },
    eventValue: { field: 'value', form: asNumber },
    sentAt: { field: 'occurredAt' },
    recommendationId: { field: 'recommendationId' },
    properties: { field: 'properties', form: asJsonText },
    impression: property,
    metricAttribution: property,
    trackingId: noFact,
  },
  gorse: {
    UserId: { field: 'userId' },
    ItemId: { field: 'itemId' },
    FeedbackType: { field: 'kind' },
    Value: { field: 'value', form: asNumber },
    Timestamp: { field: 'occurredAt', form: unlessEmpty },
    Labels: property,
    Comment: property,
    Updated: noFact,
  },
  metarank: {
    event: { field: null, form: isInteraction },
    user: { field: 'userId' },
    session: { field: 'sessionId' },
    item: { field: 'itemId' },
    type: { field: 'kind' },
    timestamp: { field: 'occurredAt', form: asNumber },
    ranking: { field: 'recommendationId' },
    fields: { field: 'properties', form: fromNamedValues },
  },
  recombee: {
    timestamp: { field: 'occurredAt', form: asSeconds },
    rating: { field: 'value', form: asNumber, kind: 'rating' },
    portion: { field: 'value', form: asNumber, kind: 'view' },
    duration: { field: 'value', form: asNumber, kind: 'view' },
    amount: { field: 'value', form: asNumber },
    recommId: { field: 'recommendationId' },
    additionalData: { field: 'properties' },
    price: property,
    profit: property,
    timeSpent: property,
    autoPresented: property,
    cascadeCreate: noFact,
  },
  movielens: {
    userId: { field: 'userId' },
    movieId: { field: 'itemId' },
    rating: { field: 'value', form: asNumber, kind: 'rating' },
    timestamp: { field: 'occurredAt', form: asSeconds },
  },
  recbole: {
    user_id: { field: 'userId' },
    session_id: { field: 'sessionId' },
    item_id: { field: 'itemId' },
    rating: { field: 'value', form: asNumber, kind: 'rating' },
    timestamp: { field: 'occurredAt', form: asSeconds },
  },
};
