/** SQL of changes of the log under memories that are being made out of it. */
import type { EntityManager } from 'typeorm';
import { advisoryLock } from './data-source.js';

/** Whether a rebuild is under way. Parameters 2 and 3: the lock's number and the schema. */
const rebuilds = `EXISTS (
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $2::int::oid AND objid = hashtext($3)::oid
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

/**
 * Notes these users for the rebuild under way, if one is, and for the challenger of an experiment. For a transaction that holds the lock of the memory version: a rebuild
 * that begins later takes its cut behind it and needs no note. Notes that a killed one left go.
 */
export async function noteMemoryEdit(tx: EntityManager, schema: string, userIds: readonly string[]): Promise<void> {
  const noted = await tx.query<unknown[]>(
    `INSERT INTO memory_edit (arrival, user_id)
     SELECT nextval(pg_get_serial_sequence('interaction', 'arrival')), user_id FROM unnest($1::text[]) AS u(user_id)
      WHERE EXISTS (SELECT FROM experiment) OR ${rebuilds}
     RETURNING arrival`,
    [userIds, advisoryLock.promotion, schema],
  );
  if (noted.length === 0) await deleteMemoryEdits(tx, null);
}

/** The users noted behind `after`. */
export async function readMemoryEdits(tx: EntityManager, after: bigint): Promise<readonly string[]> {
  const rows = await tx.query<{ userId: string }[]>(
    'SELECT DISTINCT user_id AS "userId" FROM memory_edit WHERE arrival > $1',
    [after.toString()],
  );
  return rows.map(({ userId }) => userId);
}

/** Those up to a number; null: all. While an experiment is under way they stay, for its challenger may lack them yet. */
export async function deleteMemoryEdits(tx: EntityManager, upTo: bigint | null): Promise<void> {
  await tx.query(
    'DELETE FROM memory_edit WHERE ($1::bigint IS NULL OR arrival <= $1) AND NOT EXISTS (SELECT FROM experiment)',
    [upTo?.toString() ?? null],
  );
}

/** Those up to a number, which the challenger of an experiment has passed; they stay while a rebuild needs them. */
export async function deletePassedEdits(tx: EntityManager, schema: string, upTo: bigint): Promise<void> {
  await tx.query(`DELETE FROM memory_edit WHERE arrival <= $1 AND NOT ${rebuilds}`, [
    upTo.toString(),
    advisoryLock.promotion,
    schema,
  ]);
}
