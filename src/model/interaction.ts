/**
 * The fact that everything starts from: a user did something with an item at an instant.
 *
 * Whatever comes in, from Kafka, GraphQL or a file, is read here once, field by field, into a value that the rest trusts. Each
 * fault is a RecollectError with the code, the field and what to do; a field that is not known is one, so that a misspelled
 * name is not lost in silence. Optional fields may be null. Messages repeat neither ids nor values of fields.
 */
import { RecollectError } from '../errors.js';
import { readId, typeName } from './identifier.js';
import { readInstant } from './instant.js';
import { checkSchemaVersion } from './schema-version.js';

export interface Interaction {
  /** unique for its user; the same id again changes nothing */
  readonly id: string;
  /** of an anonymous visitor: see `visitorOf` */
  readonly userId: string;
  /** the visit that it belongs to, where it was given */
  readonly sessionId: string | null;
  readonly itemId: string;
  readonly kind: string;
  /** a rating, seconds, a portion */
  readonly value: number | null;
  /** milliseconds since 1970 */
  readonly occurredAt: number;
  /** the answer that led to it */
  readonly recommendationId: string | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/** What the settings allow. */
export interface InteractionRules {
  /** the configured kinds, or a map by them */
  readonly kinds: ReadonlySet<string> | ReadonlyMap<string, unknown>;
  /** milliseconds since 1970; what occurred before is refused */
  readonly earliestTime: number;
  /** how far in the future an interaction may lie, for clocks that run ahead; 5 minutes unless given */
  readonly futureToleranceMs?: number;
}

export const interactionFields = [
  'id',
  'userId',
  'sessionId',
  'itemId',
  'kind',
  'value',
  'occurredAt',
  'recommendationId',
  'properties',
  'schemaVersion',
] as const;
export type InteractionField = (typeof interactionFields)[number];
const knownFields: ReadonlySet<string> = new Set(interactionFields);

export const visitorPrefix = 'session:';
const maxPropertiesBytes = 4096;
const maxEchoed = 40;

/** `fallbackId` gives the id of an interaction whose producer gave none; without it the id must be given. */
export function readInteraction(
  fields: unknown,
  rules: InteractionRules,
  now: number,
  fallbackId?: () => string,
): Interaction {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new RecollectError('NOT_AN_OBJECT', `an interaction is a JSON object, this is ${typeName(fields)}`);
  }
  refuseUnknown(Object.keys(fields));
  const given: Partial<Record<InteractionField, unknown>> = { ...fields }; // own fields alone
  checkSchemaVersion(given.schemaVersion);
  const id = given.id ?? fallbackId?.();
  const sessionId = optionalId(given.sessionId, 'sessionId');
  const userId = given.userId ?? null;
  return {
    id: readId(id, 'id'),
    userId: userId === null && sessionId !== null ? readId(visitorOf(sessionId), 'sessionId') : readUserId(userId),
    sessionId,
    itemId: readId(given.itemId, 'itemId'),
    kind: readKind(given.kind, rules.kinds),
    value: readValue(given.value ?? null),
    occurredAt: readOccurredAt(given.occurredAt, rules, now),
    recommendationId: optionalId(given.recommendationId, 'recommendationId'),
    properties: readProperties(given.properties ?? null),
  };
}

/**
 * The user id of a visitor who is known by a session alone. It can be asked for like any other, and a producer who sends it as userId
 * means the same visitor.
 */
export function visitorOf(sessionId: string): string {
  return `${visitorPrefix}${sessionId}`;
}

/** Whether a user id is that of a visitor. */
export function isVisitor(userId: string): boolean {
  return userId.startsWith(visitorPrefix);
}

function readUserId(value: unknown): string {
  if (value !== null) return readId(value, 'userId');
  const message = 'userId is missing: give it as text of 1 to 256 characters, or a sessionId for an anonymous visitor';
  throw new RecollectError('MISSING_FIELD', message, { field: 'userId' });
}

function optionalId(value: unknown, field: InteractionField): string | null {
  return (value ?? null) === null ? null : readId(value, field);
}

function refuseUnknown(names: readonly string[]): void {
  const unknown = names.find((name) => !knownFields.has(name));
  if (unknown === undefined) return;
  const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();
  const meant = interactionFields.find((field) => plain(field) === plain(unknown));
  const name = shortened(unknown);
  const advice = meant === undefined ? `an interaction has ${interactionFields.join(', ')}` : `write ${meant}`;
  throw new RecollectError('UNKNOWN_FIELD', `the field ${JSON.stringify(name)} is not known: ${advice}`, {
    field: name,
  });
}

function readKind(value: unknown, kinds: InteractionRules['kinds']): string {
  if (typeof value === 'string' && kinds.has(value)) return value;
  const field = 'kind';
  const choice = `give one of ${[...kinds.keys()].join(', ')}`;
  if (value === undefined || value === null)
    throw new RecollectError('MISSING_FIELD', `kind is missing: ${choice}`, { field });
  const found = typeof value === 'string' ? JSON.stringify(shortened(value)) : typeName(value);
  throw new RecollectError('UNKNOWN_KIND', `kind is ${found}, which is not configured: ${choice}`, { field });
}

function readValue(value: unknown): number | null {
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  const found = typeof value === 'number' ? 'not finite' : typeName(value);
  throw new RecollectError('INVALID_VALUE', `value is ${found}: give a finite number, or leave it out`, {
    field: 'value',
  });
}

function readOccurredAt(
  value: unknown,
  { earliestTime, futureToleranceMs = 300_000 }: InteractionRules,
  now: number,
): number {
  const field = 'occurredAt';
  const instant = readInstant(value, field);
  if (instant < earliestTime) {
    const earliest = new Date(earliestTime).toISOString();
    const message = `occurredAt is before ${earliest}, the earliest time that the settings allow`;
    throw new RecollectError('TIME_TOO_EARLY', message, { field });
  }
  if (instant > now + futureToleranceMs) {
    const ahead = Math.ceil((instant - now) / 1000);
    const message = `occurredAt is ${ahead} s in the future, at most ${futureToleranceMs / 1000} s are allowed: check the producer's clock and zone`;
    throw new RecollectError('TIME_IN_FUTURE', message, { field });
  }
  return instant;
}

/** Properties as a JSON object of their own, which Postgres can store: jsonb has no NUL and no half surrogate pair. */
export function readProperties(
  value: unknown,
  maxBytes = maxPropertiesBytes,
): Readonly<Record<string, unknown>> | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalidProperties(`are ${typeName(value)}: give a JSON object`);
  const text = serialised(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw invalidProperties(`have ${bytes} bytes as JSON, at most ${maxBytes} are kept: send less of them`);
  }
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f]..)/.test(text)) {
    throw invalidProperties('hold a NUL character or half of a surrogate pair: take it out');
  }
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function serialised(value: object): string {
  try {
    return JSON.stringify(value, (_name, inner: unknown) => {
      if (typeof inner === 'number' && !Number.isFinite(inner)) throw new Error('a number is not finite');
      return inner;
    });
  } catch {
    throw invalidProperties('are not JSON: a number is out of range, or they are nested too deeply');
  }
}

function invalidProperties(fault: string): RecollectError {
  return new RecollectError('INVALID_PROPERTIES', `properties ${fault}`, { field: 'properties' });
}

function shortened(text: string): string {
  return text.length > maxEchoed ? `${text.slice(0, maxEchoed)}...` : text;
}
