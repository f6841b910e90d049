/**
 * What the read path asks of the table of items: the rows of an answer, and what changed since the last look.
 *
 * An answer's candidates are checked, stripped of what the user has seen, cut and loaded by ONE statement, so that an item that
 * was hidden, deleted or seen a moment ago is never answered, and the cost depends on the candidates, not on the user's history.
 */
import type { EntityManager } from 'typeorm';

/** An item as it is answered. */
export interface ItemRow {
  readonly id: string;
  readonly title: string | null;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly available: boolean;
  /** made by an interaction, and not put since */
  readonly incomplete: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

const columns = `i.id, i.title, i.categories, i.properties, i.available, i.incomplete,
  i.created_at AS "createdAt", i.expires_at AS "expiresAt"`;
const eligible = `i.available AND i.deleted_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now())`;

/** What an outer join gives: a row, or nulls. */
type OrNothing<Row> = Row | { readonly [Column in keyof Row]: null };

/** Whose seen items are left out, which kinds count as seen, and since when; null: since ever. */
export interface SeenBy {
  readonly userId: string;
  readonly kinds: readonly string[];
  readonly since: Date | null;
}

export interface Served {
  /** the first of the candidates that may be answered, in the order of the candidates */
  readonly items: readonly ItemRow[];
  /** candidates that could be answered but for being seen */
  readonly seen: number;
}

/** The first `count` of the candidates that may be answered now. */
export async function serveItems(
  tx: EntityManager,
  candidates: readonly string[],
  count: number,
  seenBy: SeenBy | null,
): Promise<Served> {
  const rows = await tx.query<(OrNothing<ItemRow> & { readonly seenCount: number })[]>(
    `WITH candidate AS MATERIALIZED (
       SELECT c.id, c.place,
              $3::text IS NOT NULL AND EXISTS (
                SELECT FROM interaction n
                 WHERE n.user_id = $3 AND n.item_id = c.id AND n.kind = ANY($4)
                   AND ($5::timestamptz IS NULL OR n.occurred_at >= $5)) AS seen
         FROM unnest($1::text[]) WITH ORDINALITY AS c(id, place)
         JOIN item i ON i.id = c.id
        WHERE ${eligible})
     SELECT ${columns}, s.count AS "seenCount"
       FROM (SELECT count(*)::int FROM candidate WHERE seen) s
       LEFT JOIN (SELECT id, place FROM candidate WHERE NOT seen ORDER BY place LIMIT $2) c ON true
       LEFT JOIN item i ON i.id = c.id
      ORDER BY c.place`,
    [candidates, count, seenBy?.userId ?? null, seenBy?.kinds ?? [], seenBy?.since ?? null],
  );
  return { items: rows.filter((row) => row.id !== null), seen: rows[0]?.seenCount ?? 0 };
}

/** Items that are not deleted, whatever their state; ids that are unknown have no row. */
export async function loadItems(tx: EntityManager, ids: readonly string[]): Promise<readonly ItemRow[]> {
  return tx.query<ItemRow[]>(`SELECT ${columns} FROM item i WHERE i.id = ANY($1::text[]) AND i.deleted_at IS NULL`, [
    ids,
  ]);
}

/** Of these ids the items that may be answered now, in no order. */
export async function loadServable(tx: EntityManager, ids: readonly string[]): Promise<readonly ItemRow[]> {
  return tx.query<ItemRow[]>(`SELECT ${columns} FROM item i WHERE i.id = ANY($1::text[]) AND ${eligible}`, [ids]);
}

/** Where a page of the newest items ended. */
export interface LatestCursor {
  readonly createdAt: Date;
  readonly id: string;
}

/** Ids of items that may be answered, the newest first. */
export async function latestItems(
  tx: EntityManager,
  count: number,
  after: LatestCursor | null,
): Promise<readonly LatestCursor[]> {
  return tx.query<LatestCursor[]>(
    `SELECT i.id, i.created_at AS "createdAt" FROM item i
      WHERE ${eligible} AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3::text))
      ORDER BY i.created_at DESC, i.id DESC LIMIT $1`,
    [count, after?.createdAt ?? null, after?.id ?? null],
  );
}

/** The same of these ids alone. */
export async function latestAmong(tx: EntityManager, ids: readonly string[]): Promise<readonly LatestCursor[]> {
  return tx.query<LatestCursor[]>(
    `SELECT i.id, i.created_at AS "createdAt" FROM item i
      WHERE i.id = ANY($1::text[]) AND ${eligible} ORDER BY i.created_at DESC, i.id DESC`,
    [ids],
  );
}

/** What the catalogue in memory holds of an item. */
export interface ItemChange {
  readonly id: string;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly available: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly deletedAt: Date | null;
}

const changeColumns = `i.id, i.categories, i.properties, i.available, i.created_at AS "createdAt",
  i.expires_at AS "expiresAt", i.deleted_at AS "deletedAt"`;

/** Items of one statement. */
export const changesAtOnce = 20_000;

/** What a look that begins now will have seen: what is not in it is a change for the next one. */
export async function catalogueSnapshot(tx: EntityManager): Promise<string> {
  const [row] = await tx.query<{ snapshot: string }[]>('SELECT pg_current_snapshot()::text AS snapshot');
  if (row === undefined) throw new Error('a look at the catalogue returned no snapshot');
  return row.snapshot;
}

/** Of all items; a page of so few is garbage before it grows old, and leaves the process no larger. */
export const listedAtOnce = 2_000;

/** The items that are not deleted, in the order of their ids, behind `after`. */
export async function listItems(tx: EntityManager, after: string): Promise<readonly ItemChange[]> {
  return tx.query<ItemChange[]>(
    `SELECT ${changeColumns} FROM item i WHERE i.id > $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2`,
    [after, listedAtOnce],
  );
}

/**
 * What became visible since a snapshot, in the order of the ids, behind `after`.
 *
 * `change_number` is the number of the writing transaction, so a row is new exactly if that transaction is not in the snapshot:
 * one that took its number early and committed late is not missed, and one that is seen already is not sent again. Numbers at or
 * above the present xmax come from another cluster, by a restore; they can't be new here.
 */
export async function itemChanges(tx: EntityManager, since: string, after: string): Promise<readonly ItemChange[]> {
  return tx.query<ItemChange[]>(
    `WITH changed AS MATERIALIZED (
       SELECT i.id FROM item i
        WHERE i.change_number >= pg_snapshot_xmin($1::pg_snapshot)::text::bigint
          AND i.change_number < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
          AND NOT pg_visible_in_snapshot(i.change_number::text::xid8, $1::pg_snapshot))
     SELECT ${changeColumns} FROM (SELECT id FROM changed WHERE id > $2 ORDER BY id LIMIT $3) c JOIN item i USING (id)
      ORDER BY i.id`,
    [since, after, changesAtOnce],
  );
}
