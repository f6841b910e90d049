/** SQL of the audit log. */
import type { EntityManager } from 'typeorm';
import type { AuditLogEntity } from './audit-log.entity.js';
import { advisoryLock } from './data-source.js';

export type AuditLogRow = Pick<AuditLogEntity, keyof AuditLogEntity>;

const columns = 'id, at, actor, key_prefix AS "keyPrefix", action, subjects, counts, hash';

/** The last entry, null in an empty log, and what time it is. Entries are added one after the other until the transaction ends. */
export async function lockAuditLog(
  tx: EntityManager,
  schema: string,
): Promise<{ readonly last: Pick<AuditLogEntity, 'id' | 'hash'> | null; readonly now: Date }> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [advisoryLock.auditLog, schema]);
  const [row] = await tx.query<{ id: string | null; hash: Buffer | null; now: Date }[]>(
    `SELECT l.id, l.hash, date_trunc('milliseconds', clock_timestamp()) AS now
       FROM (SELECT) AS one LEFT JOIN (SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1) AS l ON true`,
  );
  if (row === undefined) throw new Error('unreachable: there is one row');
  return { last: row.id === null || row.hash === null ? null : { id: row.id, hash: row.hash }, now: row.now };
}

export async function insertAuditEntry(tx: EntityManager, entry: AuditLogRow): Promise<void> {
  const { id, at, actor, keyPrefix, action, subjects, counts, hash } = entry;
  await tx.query(
    'INSERT INTO audit_log (id, at, actor, key_prefix, action, subjects, counts, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
    [id, at, actor, keyPrefix, action, subjects, JSON.stringify(counts), hash],
  );
}

/** Behind `after`, the oldest first. */
export async function auditEntriesAfter(
  tx: EntityManager,
  after: string,
  count: number,
): Promise<readonly AuditLogRow[]> {
  return tx.query(`SELECT ${columns} FROM audit_log WHERE id > $1 ORDER BY id LIMIT $2`, [after, count]);
}

/** Before `before` (null: from the end on), the newest first. `subject`: of this one; null: of all. */
export async function auditEntriesBefore(
  tx: EntityManager,
  before: string | null,
  subject: string | null,
  count: number,
): Promise<readonly AuditLogRow[]> {
  return tx.query(
    `SELECT ${columns} FROM audit_log
      WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR subjects @> ARRAY[$2::text]) ORDER BY id DESC LIMIT $3`,
    [before, subject, count],
  );
}
