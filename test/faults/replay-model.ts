/**
 * What a topic of interactions means, written apart from the product from the message contract alone: each message in its order, one
 * at a time, no batches, no database. Pure: the same messages give the same replay.
 *
 *   a message that breaks the contract is refused, with its code
 *   the first message with an id counts, for its user; another with that id changes nothing
 *   a message without an id has one by where it lies
 *   a user's sequence goes by (occurredAt, arrival)
 */

export interface TopicMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** milliseconds since 1970 */
  readonly timestamp: string;
  readonly value: Buffer | null;
}

export interface ModelRow {
  readonly userId: string;
  readonly id: string;
  readonly sessionId: string | null;
  readonly itemId: string;
  readonly kind: string;
  readonly value: number | null;
  /** milliseconds since 1970 */
  readonly occurredAt: number;
  readonly recommendationId: string | null;
  readonly properties: unknown;
}

export interface Replay {
  /** by user, in the order of arrival */
  readonly arrivals: ReadonlyMap<string, readonly ModelRow[]>;
  /** by user, in the order of (occurredAt, arrival) */
  readonly sequences: ReadonlyMap<string, readonly ModelRow[]>;
  /** by 'item kind day' */
  readonly counts: ReadonlyMap<string, number>;
  /** code by 'topic:partition:offset:timestamp' */
  readonly refused: ReadonlyMap<string, string>;
  /** by partition */
  readonly nextOffsets: ReadonlyMap<number, number>;
  readonly duplicates: number;
}

/** Messages of a partition stand in its order; those of several may stand in any. `now`: milliseconds since 1970. */
export function replayTopic(messages: readonly TopicMessage[], now: number): Replay {
  const byUser = new Map<string, Map<string, ModelRow>>();
  const refused = new Map<string, string>();
  const nextOffsets = new Map<number, number>();
  let duplicates = 0;
  for (const message of messages) {
    nextOffsets.set(message.partition, message.offset + 1);
    const place = [message.topic, message.partition, message.offset, message.timestamp].join(':');
    const row = readMessage(message.value, `kafka:${place}`, now);
    if (typeof row === 'string') {
      refused.set(place, row);
      continue;
    }
    const rows = byUser.get(row.userId) ?? new Map<string, ModelRow>();
    byUser.set(row.userId, rows);
    if (rows.has(row.id)) duplicates += 1;
    else rows.set(row.id, row);
  }
  const arrivals = new Map([...byUser].map(([userId, rows]) => [userId, [...rows.values()]]));
  const inOrder = (rows: readonly ModelRow[]) => rows.toSorted((one, other) => one.occurredAt - other.occurredAt); // stable
  const sequences = new Map([...arrivals].map(([userId, rows]) => [userId, inOrder(rows)]));
  const counts = new Map<string, number>();
  for (const { itemId, kind, occurredAt } of [...arrivals.values()].flat()) {
    const key = `${itemId} ${kind} ${new Date(occurredAt).toISOString().slice(0, 10)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { arrivals, sequences, counts, refused, nextOffsets, duplicates };
}

const fields: ReadonlySet<string> = new Set([
  ...['id', 'userId', 'sessionId', 'itemId', 'kind', 'value', 'occurredAt', 'recommendationId', 'properties'],
  'schemaVersion',
]);
const kinds: ReadonlySet<unknown> = new Set(
  'view click cart purchase like dislike rating skip'.split(' '), // those of a deployment without a setting
);

/** The row, or the code of what is wrong with the message. */
function readMessage(value: Buffer | null, ownId: string, now: number): ModelRow | string {
  if (value === null) return 'MISSING_FIELD';
  const text = value.toString('utf8');
  if (!Buffer.from(text).equals(value)) return 'NOT_JSON'; // bytes that are not UTF-8 do not come back
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return 'NOT_JSON';
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'NOT_AN_OBJECT';
  const given = new Map<string, unknown>(Object.entries(body).filter(([, one]) => one !== null));
  if (Object.keys(body).some((name) => !fields.has(name))) return 'UNKNOWN_FIELD';
  if (!['undefined', '1'].includes(String(given.get('schemaVersion')).replace(/\.\d+$/, ''))) return 'SCHEMA_TOO_NEW';
  const kind = given.get('kind');
  const number = given.get('value');
  const properties = given.get('properties') ?? null;
  const time = instantOf(given.get('occurredAt'));
  const sessionId = given.get('sessionId');
  const userId = given.get('userId') ?? (typeof sessionId === 'string' ? `session:${sessionId}` : undefined);
  const ids = [given.get('id') ?? ownId, userId, given.get('itemId')];
  const optional = [sessionId, given.get('recommendationId')].filter((one) => one !== undefined);
  if ([...ids, kind, given.get('occurredAt')].includes(undefined)) return 'MISSING_FIELD';
  const [id, user, item] = ids.map(idOf);
  if (id === undefined || user === undefined || item === undefined) return 'INVALID_ID';
  if (optional.map(idOf).includes(undefined)) return 'INVALID_ID';
  if (!kinds.has(kind)) return 'UNKNOWN_KIND';
  if (number !== undefined && !Number.isFinite(number)) return 'INVALID_VALUE';
  if (typeof time === 'string') return time;
  if (time < Date.UTC(1990, 0, 1)) return 'TIME_TOO_EARLY';
  if (time > now + 5 * 60_000) return 'TIME_IN_FUTURE';
  if (properties !== null && (typeof properties !== 'object' || Array.isArray(properties))) return 'INVALID_PROPERTIES';
  if (Buffer.byteLength(JSON.stringify(properties)) > 4_096) return 'INVALID_PROPERTIES';
  return {
    userId: user,
    id,
    sessionId: idOf(sessionId) ?? null,
    itemId: item,
    kind: String(kind),
    value: number === undefined ? null : Number(number),
    occurredAt: time,
    recommendationId: idOf(given.get('recommendationId')) ?? null,
    properties,
  };
}

/** undefined for what is no id. */
function idOf(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value !== 'string' || value.trim() === '' || /^(null|undefined|NaN|None)$/.test(value)) return undefined;
  const isStorable = !value.includes('\0') && value.isWellFormed() && Array.from(value).length <= 256;
  return isStorable ? value : undefined;
}

/** Milliseconds since 1970, or the code of what is wrong. */
function instantOf(value: unknown): number | string {
  if (typeof value === 'number') {
    const digits = Math.trunc(Math.abs(value)).toString().length;
    if (digits <= 8) return 'TIME_TOO_EARLY';
    return digits >= 12 && digits <= 14 ? value : 'TIME_UNIT';
  }
  if (typeof value !== 'string') return 'INVALID_TIME';
  const zoned = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value);
  const day = zoned?.[1] ?? '';
  const isDay = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day); // 30 February is taken as 2 March
  return isDay && !Number.isNaN(Date.parse(value)) ? Date.parse(value) : 'INVALID_TIME';
}
