/** SQL that writes the log, and that reads a user's sequence back for a replay. */
import { QueryFailedError, type EntityManager } from 'typeorm';
import { codeOf, RecollectError } from '../errors.js';
import type { Interaction } from '../model/interaction.js';
import { floatArray, instantArray, jsonArray, textArray } from './binary-array.js';

export interface InteractionKey {
  readonly userId: string;
  readonly id: string;
}

const columns = 'user_id, id, session_id, item_id, kind, value, occurred_at, recommendation_id, properties';
const offered = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::timestamptz[], $8::text[], $9::jsonb[])
                   WITH ORDINALITY AS n(${columns}, place)`;

/**
 * Arrival numbers are handed out in the order given. The rows go in by user, as three of the indexes have them, which costs Postgres a
 * quarter less; the sort is by bytes, whichever collation the database has.
 */
const insertOf = (source: string): string =>
  `INSERT INTO interaction (${columns}, arrival)
     SELECT ${columns}, nextval
       FROM (SELECT *, nextval('interaction_arrival_seq') FROM (SELECT * FROM ${source} ORDER BY place) AS given) AS numbered
      ORDER BY user_id COLLATE "C", place`;

/**
 * Adds interactions of which the log has none yet. Of two events of a user with equal times the one that was offered first comes first
 * for ever. Throws INTERACTION_REPEATED, and the transaction is over, where the log has one of them; to look for each of them first
 * would cost Postgres a third more.
 */
export async function addInteractions(tx: EntityManager, interactions: readonly Interaction[]): Promise<void> {
  if (interactions.length === 0) return;
  try {
    await tx.query(insertOf(offered), columnsOf(interactions));
  } catch (error) {
    if (!(error instanceof QueryFailedError) || codeOf(error.driverError) !== uniqueViolation) throw error;
    const message = 'an interaction is in the log already; the batch is tried again, and each is looked for first';
    throw new RecollectError('INTERACTION_REPEATED', message, { cause: error });
  }
}

/** The same, but leaves out those that the log has, and returns their keys. A key may stand in the list once. */
export async function addNewInteractions(
  tx: EntityManager,
  interactions: readonly Interaction[],
): Promise<readonly InteractionKey[]> {
  if (interactions.length === 0) return [];
  return tx.query(
    `WITH offered AS MATERIALIZED (SELECT * FROM ${offered}),
     added AS (
       ${insertOf('offered')}
       ON CONFLICT DO NOTHING
       RETURNING user_id, id)
     SELECT user_id AS "userId", id FROM offered EXCEPT SELECT user_id, id FROM added`,
    columnsOf(interactions),
  );
}

function columnsOf(interactions: readonly Interaction[]): Buffer[] {
  return [
    textArray(interactions.map(({ userId }) => userId)),
    textArray(interactions.map(({ id }) => id)),
    textArray(interactions.map(({ sessionId }) => sessionId)),
    textArray(interactions.map(({ itemId }) => itemId)),
    textArray(interactions.map(({ kind }) => kind)),
    floatArray(interactions.map(({ value }) => value)),
    instantArray(interactions.map(({ occurredAt }) => occurredAt)),
    textArray(interactions.map(({ recommendationId }) => recommendationId)),
    jsonArray(interactions.map(({ properties }) => (properties === null ? null : JSON.stringify(properties)))),
  ];
}

const uniqueViolation = '23505';

export async function findInteractions(
  tx: EntityManager,
  keys: readonly InteractionKey[],
): Promise<readonly Interaction[]> {
  if (keys.length === 0) return [];
  return tx.query(
    `SELECT user_id AS "userId", id, session_id AS "sessionId", item_id AS "itemId", kind, value,
            (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAt", recommendation_id AS "recommendationId", properties
       FROM interaction JOIN unnest($1::text[], $2::text[]) AS k(user_id, id) USING (user_id, id)`,
    [keys.map(({ userId }) => userId), keys.map(({ id }) => id)],
  );
}

/** A place in a user's sequence; null: before its beginning. */
export interface SequenceCursor {
  readonly userId: string;
  readonly after: { readonly occurredAt: Date; readonly arrival: string } | null;
}

export interface SequencePage {
  readonly userId: string;
  /** the oldest first */
  readonly itemIds: readonly string[];
  /** of each of them; null where they were not asked for */
  readonly kinds: readonly string[] | null;
  /** of each of them, milliseconds since 1970; null where they were not asked for */
  readonly times: readonly number[] | null;
  /** of each of them; null where they were not asked for */
  readonly arrivals: readonly string[] | null;
  readonly lastOccurredAt: Date;
  readonly lastArrival: string;
}

/** What is read of events beside their items. */
export interface SequenceNeeds {
  /** kinds and times */
  readonly context: boolean;
  /** times and arrivals */
  readonly places: boolean;
}

/**
 * The next events of each user that arrived up to `upTo` (null: all), at most `count` a user; users at the end of their sequence
 * have no page. What is not remembered is left out. Kinds are not in the index: they are read for a network that looks at them, else the index is enough.
 */
export async function readSequencePages(
  tx: EntityManager,
  cursors: readonly SequenceCursor[],
  count: number,
  upTo: bigint | null,
  needs: SequenceNeeds,
): Promise<readonly SequencePage[]> {
  const kinds = needs.context ? 'json_agg(kind)' : 'NULL::json';
  const times =
    needs.context || needs.places ? 'json_agg((extract(epoch FROM occurred_at) * 1000)::float8)' : 'NULL::json';
  const arrivals = needs.places ? 'json_agg(arrival::text)' : 'NULL::json';
  return tx.query(
    `SELECT u.user_id AS "userId", p.item_ids AS "itemIds", p.kinds, p.times, p.arrivals, p.last_occurred_at AS "lastOccurredAt",
            p.last_arrival AS "lastArrival"
       FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS u(user_id, occurred_at, arrival)
      CROSS JOIN LATERAL (
        SELECT json_agg(item_id) AS item_ids, ${kinds} AS kinds, ${times} AS times, ${arrivals} AS arrivals, max(occurred_at) AS last_occurred_at,
               (array_agg(arrival))[count(*)] AS last_arrival
          FROM (SELECT item_id, ${needs.context ? 'kind, ' : ''}occurred_at, arrival FROM interaction i
                 WHERE i.user_id = u.user_id AND (i.occurred_at, i.arrival) > (u.occurred_at, u.arrival)
                   AND i.remembered AND ($5::bigint IS NULL OR i.arrival <= $5)
                 ORDER BY occurred_at, arrival LIMIT $4) AS page) AS p
      WHERE p.item_ids IS NOT NULL`,
    [
      cursors.map(({ userId }) => userId),
      cursors.map(({ after }) => after?.occurredAt ?? '-infinity'),
      cursors.map(({ after }) => after?.arrival ?? '0'),
      count,
      upTo?.toString() ?? null,
    ],
  );
}

export interface Arrival {
  readonly userId: string;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly arrival: string;
}

/** What arrived behind `after` up to `upTo`, in that order. */
export async function readArrivals(
  tx: EntityManager,
  after: bigint,
  upTo: bigint,
  count: number,
): Promise<readonly Arrival[]> {
  return tx.query(
    `SELECT user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt", arrival
       FROM interaction WHERE arrival > $1 AND arrival <= $2 AND remembered ORDER BY arrival LIMIT $3`,
    [after.toString(), upTo.toString(), count],
  );
}

/** The arrival number of each user's newest arrival; 0 for users without interactions. */
export async function lastArrivals(
  tx: EntityManager,
  userIds: readonly string[],
): Promise<readonly Pick<Arrival, 'userId' | 'arrival'>[]> {
  return tx.query(
    `SELECT u.user_id AS "userId", coalesce(max(arrival), 0) AS arrival
       FROM unnest($1::text[]) AS u(user_id) LEFT JOIN interaction i ON i.user_id = u.user_id GROUP BY u.user_id`,
    [userIds],
  );
}

/** What arrived of each user behind an arrival number, in that order. */
export async function arrivedSince(
  tx: EntityManager,
  places: readonly Pick<Arrival, 'userId' | 'arrival'>[],
): Promise<readonly Arrival[]> {
  return tx.query(
    `SELECT i.user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt", i.arrival
       FROM unnest($1::text[], $2::bigint[]) AS p(user_id, arrival)
       JOIN interaction i ON i.user_id = p.user_id AND i.arrival > p.arrival ORDER BY i.arrival`,
    [places.map(({ userId }) => userId), places.map(({ arrival }) => arrival)],
  );
}

/** Those of these arrivals that the log still has and that are remembered, in their order. */
export async function findArrivals(tx: EntityManager, arrivals: readonly string[]): Promise<readonly Arrival[]> {
  if (arrivals.length === 0) return [];
  return tx.query(
    `SELECT user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt", arrival
       FROM interaction WHERE arrival = ANY($1::bigint[]) AND remembered ORDER BY arrival`,
    [arrivals],
  );
}

/** Users with interactions, behind `after` in the order of their ids. */
export async function listUsers(tx: EntityManager, after: string, count: number): Promise<readonly string[]> {
  const rows: { user_id: string }[] = await tx.query(
    'SELECT DISTINCT user_id FROM interaction WHERE user_id > $1 ORDER BY user_id LIMIT $2',
    [after, count],
  );
  return rows.map((row) => row.user_id);
}

export async function countUsers(tx: EntityManager): Promise<number> {
  const rows: { count: number }[] = await tx.query('SELECT count(DISTINCT user_id)::float8 AS count FROM interaction');
  return rows[0]?.count ?? 0;
}
