/** SQL that reads memories: one by primary key, as the read path wants it; many, to compare them with the log. */
import type { EntityManager } from 'typeorm';
import { memoryColumns, type MemoryRow } from './user-memory.store.js';

export interface StoredMemory {
  readonly state: Buffer;
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly updatedAt: Date;
  /** something came late, and is not in it yet where it belongs */
  readonly awaitsReplay: boolean;
}

/** What is remembered of the user under this version; null if nothing has been applied yet. */
export async function readMemory(tx: EntityManager, version: number, userId: string): Promise<StoredMemory | null> {
  const rows = await tx.query<StoredMemory[]>(
    `SELECT state, interactions_applied::float8 AS "interactionsApplied", last_occurred_at AS "lastOccurredAt",
            updated_at AS "updatedAt", EXISTS (SELECT FROM replay_request WHERE user_id = $2) AS "awaitsReplay"
       FROM user_memory WHERE model_version = $1 AND user_id = $2 AND interactions_applied > 0`,
    [version, userId],
  );
  return rows[0] ?? null;
}

/** What tells whether the memories of these users were written again: the transaction that wrote each. */
export async function memoryVersions(
  tx: EntityManager,
  version: number,
  userIds: readonly string[],
): Promise<readonly { readonly id: string; readonly writtenBy: string }[]> {
  return tx.query(
    'SELECT user_id AS id, xmin::text AS "writtenBy" FROM user_memory WHERE model_version = $1 AND user_id = ANY($2::text[])',
    [version, userIds],
  );
}

export async function readMemories(
  tx: EntityManager,
  version: number,
  userIds: readonly string[],
): Promise<readonly MemoryRow[]> {
  return tx.query(`SELECT ${memoryColumns} FROM user_memory WHERE model_version = $1 AND user_id = ANY($2::text[])`, [
    version,
    userIds,
  ]);
}

/** Users of the log or of the memories, behind `after` in the order of their ids. */
export async function listUsersOfBoth(
  tx: EntityManager,
  version: number,
  after: string,
  count: number,
): Promise<readonly string[]> {
  const rows: { user_id: string }[] = await tx.query(
    `(SELECT DISTINCT user_id FROM interaction WHERE user_id > $2 ORDER BY user_id LIMIT $3)
     UNION (SELECT user_id FROM user_memory WHERE model_version = $1 AND user_id > $2 ORDER BY user_id LIMIT $3)
     ORDER BY user_id LIMIT $3`,
    [version, after, count],
  );
  return rows.map((row) => row.user_id);
}

/** So many users of either, another choice each time. */
export async function drawUsersOfBoth(tx: EntityManager, version: number, count: number): Promise<readonly string[]> {
  const rows: { user_id: string }[] = await tx.query(
    `SELECT user_id FROM (SELECT user_id FROM interaction UNION SELECT user_id FROM user_memory WHERE model_version = $1) AS u
      ORDER BY random() LIMIT $2`,
    [version, count],
  );
  return rows.map((row) => row.user_id);
}
