/**
 * SQL of the first load: an empty log is filled by COPY while it has no indexes, which are then built in one go. That costs Postgres a
 * fifth of what adding row by row to four indexes does. All of it is one transaction: a load that is killed leaves nothing.
 */
import type { EntityManager } from 'typeorm';
import type { Interaction } from '../model/interaction.js';
import { BinaryCopy } from './binary-copy.js';

/** An index of the log, or a constraint with one. */
interface Index {
  readonly drop: string;
  readonly create: string;
}

/** Locks the log to the end of the transaction, for readers too; false, and at once, where it has rows. */
export async function lockEmptyLog(tx: EntityManager): Promise<boolean> {
  if (!(await isEmpty(tx))) return false;
  await tx.query('LOCK TABLE interaction IN ACCESS EXCLUSIVE MODE');
  return isEmpty(tx);
}

async function isEmpty(tx: EntityManager): Promise<boolean> {
  const rows: unknown[] = await tx.query('SELECT FROM interaction LIMIT 1');
  return rows.length === 0;
}

/** Takes the indexes off the log and returns them. */
export async function dropIndexes(tx: EntityManager): Promise<readonly Index[]> {
  const indexes: Index[] = await tx.query(`
    SELECT format('ALTER TABLE interaction DROP CONSTRAINT %I', conname) AS drop,
           format('ALTER TABLE interaction ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS create
      FROM pg_constraint WHERE conrelid = 'interaction'::regclass AND contype IN ('p', 'u')
     UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index WHERE indrelid = 'interaction'::regclass AND NOT EXISTS (
           SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))`);
  for (const { drop } of indexes) await tx.query(drop);
  return indexes;
}

export async function buildIndexes(tx: EntityManager, indexes: readonly Index[]): Promise<void> {
  await tx.query(`SET LOCAL maintenance_work_mem = '256MB'`);
  for (const { create } of indexes) await tx.query(create);
}

/** Counts the whole log by item, kind and day (UTC). */
export async function countLog(tx: EntityManager): Promise<void> {
  await tx.query(
    `INSERT INTO item_count AS c (item_id, kind, day, count)
     SELECT item_id, kind, (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM interaction
      GROUP BY item_id, kind, day ORDER BY item_id, kind, day
     ON CONFLICT (item_id, kind, day) DO UPDATE SET count = c.count + excluded.count`,
  );
}

/** Lets the planner know of a log that has just been filled. */
export async function analyzeLog(manager: EntityManager): Promise<void> {
  await manager.query('ANALYZE interaction, item_count');
}

const columns = [
  'user_id',
  'id',
  'session_id',
  'item_id',
  'kind',
  'value',
  'occurred_at',
  'recommendation_id',
  'properties',
];

export async function startCopy(tx: EntityManager): Promise<BinaryCopy> {
  return BinaryCopy.start(tx, 'interaction', columns);
}

/** Adds rows to a copy, in the order in which they are given. */
export async function copyInteractions(copy: BinaryCopy, interactions: readonly Interaction[]): Promise<void> {
  for (const interaction of interactions) {
    copy.row();
    copy.text(interaction.userId);
    copy.text(interaction.id);
    copy.text(interaction.sessionId);
    copy.text(interaction.itemId);
    copy.text(interaction.kind);
    copy.float(interaction.value);
    copy.instant(interaction.occurredAt);
    copy.text(interaction.recommendationId);
    copy.json(interaction.properties);
    if (copy.isFull) await copy.send();
  }
}
