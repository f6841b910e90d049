/** What the read path asks of the log: a user's pages and sequence. Writing is the business of the write path alone. */
import type { EntityManager } from 'typeorm';

/** A step of a user's sequence. */
export interface SequenceStep {
  /** unique among the user's interactions */
  readonly id: string;
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date;
}

/** A row of the log. */
export interface LoggedInteraction extends SequenceStep {
  readonly sessionId: string | null;
  readonly value: number | null;
  readonly recommendationId: string | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
  /** order of arrival; a 64-bit number as text */
  readonly arrival: string;
  /** whether it enters memories */
  readonly remembered: boolean;
}

const step = `id, item_id AS "itemId", kind, occurred_at AS "occurredAt"`;

/** A place in a user's sequence. Times have milliseconds in the table too, so a Date loses nothing. */
export interface SequencePlace {
  readonly occurredAt: Date;
  readonly arrival: string;
}

/** The user's interactions, the newest first, from behind a place on. */
export async function interactionsBefore(
  tx: EntityManager,
  userId: string,
  count: number,
  before: SequencePlace | null,
): Promise<readonly LoggedInteraction[]> {
  return tx.query<LoggedInteraction[]>(
    `SELECT ${step}, session_id AS "sessionId", value, arrival, recommendation_id AS "recommendationId", properties, remembered
       FROM interaction
      WHERE user_id = $1 AND ($3::timestamptz IS NULL OR (occurred_at, arrival) < ($3, $4::bigint))
      ORDER BY occurred_at DESC, arrival DESC LIMIT $2`,
    [userId, count, before?.occurredAt ?? null, before?.arrival ?? null],
  );
}

/** The newest part of a user's sequence as it is remembered, the oldest step first. */
export interface NewestSteps {
  readonly steps: readonly (SequenceStep & SequencePlace)[];
  /** whether the user had pins under the version when the steps were read; not known where there is no step */
  readonly hasPins: boolean;
}

/** `count` steps at most; `asOf`: up to that instant. */
export async function newestSteps(
  tx: EntityManager,
  userId: string,
  version: number,
  count: number,
  asOf: Date | null,
): Promise<NewestSteps> {
  const newestFirst = await tx.query<(SequenceStep & SequencePlace & { readonly hasPins: boolean })[]>(
    `SELECT ${step}, arrival, EXISTS (SELECT FROM slot_pin WHERE user_id = $1 AND model_version = $2) AS "hasPins" FROM interaction
      WHERE user_id = $1 AND remembered AND ($4::timestamptz IS NULL OR occurred_at <= $4)
      ORDER BY occurred_at DESC, arrival DESC LIMIT $3`,
    [userId, version, count, asOf],
  );
  const hasPins = newestFirst[0]?.hasPins ?? false;
  return { steps: newestFirst.reverse().map(({ hasPins: _, ...one }) => one), hasPins };
}

/** Where the user's sequence ends as it is remembered; null: nothing is. */
export async function newestPlace(tx: EntityManager, userId: string): Promise<SequencePlace | null> {
  const rows = await tx.query<SequencePlace[]>(
    `SELECT occurred_at AS "occurredAt", arrival FROM interaction
      WHERE user_id = $1 AND remembered ORDER BY occurred_at DESC, arrival DESC LIMIT 1`,
    [userId],
  );
  return rows[0] ?? null;
}

/** Those that are remembered; `asOf`: up to that instant. */
export async function countInteractions(tx: EntityManager, userId: string, asOf: Date | null = null): Promise<number> {
  const rows = await tx.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM interaction
      WHERE user_id = $1 AND remembered AND ($2::timestamptz IS NULL OR occurred_at <= $2)`,
    [userId, asOf],
  );
  return rows[0]?.count ?? 0;
}

/** The items of the user's interactions that are remembered, each once, at most `count`: for asking whether a model knows any of them. */
export async function itemsOf(tx: EntityManager, userId: string, count: number): Promise<readonly string[]> {
  const rows = await tx.query<{ itemId: string }[]>(
    'SELECT DISTINCT item_id AS "itemId" FROM interaction WHERE user_id = $1 AND remembered LIMIT $2',
    [userId, count],
  );
  return rows.map(({ itemId }) => itemId);
}
