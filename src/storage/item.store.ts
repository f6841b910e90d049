/**
 * SQL that changes the catalogue. Every change carries the number of its transaction, by which replicas find what they have not
 * seen; a deleted item keeps its row, so that they learn of it too. Rows are locked in the order of the ids.
 */
import type { EntityManager } from 'typeorm';

/** A whole item: what is not given here is gone after the put. */
export interface ItemPut {
  readonly id: string;
  readonly title: string | null;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  /** finite in f32, of the length that the deployment has; null: none */
  readonly vector: readonly number[] | null;
  readonly available: boolean;
  /** null: when the item that is there was made, or now */
  readonly createdAt: Date | null;
  readonly expiresAt: Date | null;
}

const changeNumber = 'pg_current_xact_id()::text::bigint';

/** Puts each item, new or not, and returns the ids of those that this changed; an id may occur once. */
export async function putItems(tx: EntityManager, items: readonly ItemPut[]): Promise<readonly string[]> {
  if (items.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    `INSERT INTO item (id, title, categories, properties, vector, available, created_at, expires_at, change_number)
     SELECT n.id, n.title, ARRAY(SELECT jsonb_array_elements_text(n.categories)), n.properties, n.vector::real[],
            n.available, coalesce(n.created_at, present.created_at, now()), n.expires_at, ${changeNumber}
       FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::jsonb[], $5::text[], $6::boolean[], $7::timestamptz[],
                   $8::timestamptz[]) AS n(id, title, categories, properties, vector, available, created_at, expires_at)
       LEFT JOIN item present ON present.id = n.id AND present.deleted_at IS NULL
      ORDER BY n.id
     ON CONFLICT (id) DO UPDATE
        SET title = excluded.title, categories = excluded.categories, properties = excluded.properties,
            vector = excluded.vector, available = excluded.available, created_at = excluded.created_at,
            expires_at = excluded.expires_at, incomplete = false, deleted_at = NULL, change_number = excluded.change_number
      WHERE (item.title, item.categories, item.properties, item.vector, item.available, item.created_at, item.expires_at,
             item.incomplete, item.deleted_at)
            IS DISTINCT FROM (excluded.title, excluded.categories, excluded.properties, excluded.vector, excluded.available,
             excluded.created_at, excluded.expires_at, false, NULL::timestamptz)
     RETURNING id`,
    [
      items.map(({ id }) => id),
      items.map(({ title }) => title),
      items.map(({ categories }) => JSON.stringify(categories)),
      items.map(({ properties }) => JSON.stringify(properties)),
      items.map(({ vector }) => (vector === null ? null : `{${vector.join(',')}}`)),
      items.map(({ available }) => available),
      items.map(({ createdAt }) => createdAt),
      items.map(({ expiresAt }) => expiresAt),
    ],
  );
  return rows.map(({ id }) => id);
}

/** The items that are there, locked in the order of their ids until the transaction ends. */
export async function lockItems(tx: EntityManager, ids: readonly string[]): Promise<readonly ItemPut[]> {
  return tx.query(
    `SELECT id, title, categories, properties, vector, available, created_at AS "createdAt", expires_at AS "expiresAt"
       FROM item WHERE id = ANY($1::text[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
    [ids],
  );
}

/** Those that have no row: items that were never put. */
export async function unknownItems(tx: EntityManager, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    'SELECT id FROM unnest($1::text[]) AS n(id) WHERE NOT EXISTS (SELECT FROM item WHERE item.id = n.id)',
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Rows that say no more than that these items exist; what was put once, or deleted, stays as it is. */
export async function addIncompleteItems(tx: EntityManager, ids: readonly string[]): Promise<void> {
  const missing = await unknownItems(tx, ids);
  if (missing.length === 0) return;
  await tx.query(
    `INSERT INTO item (id, incomplete, change_number)
     SELECT id, true, ${changeNumber} FROM unnest($1::text[]) AS n(id) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [missing],
  );
}

/** The same for every item of the log. */
export async function addIncompleteItemsOfLog(tx: EntityManager): Promise<void> {
  await tx.query(
    `INSERT INTO item (id, incomplete, change_number)
     SELECT item_id, true, ${changeNumber} FROM (SELECT DISTINCT item_id FROM interaction) AS log ORDER BY item_id
     ON CONFLICT DO NOTHING`,
  );
}

/** Deletes the items that are there and returns their ids; an id that is unknown or deleted already has no effect. */
export async function deleteItems(tx: EntityManager, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    `WITH present AS (
       SELECT id FROM item WHERE id = ANY($1::text[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE),
     deleted AS (
       UPDATE item SET deleted_at = now(), change_number = ${changeNumber}
         FROM present WHERE item.id = present.id RETURNING item.id)
     SELECT id FROM deleted`,
    [ids],
  );
  return rows.map(({ id }) => id);
}
