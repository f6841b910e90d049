/** A user's memory as the read path wants it: one read by primary key. */
import type { EntityManager } from 'typeorm';

export interface StoredMemory {
  readonly state: Buffer;
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly updatedAt: Date;
}

/** What is remembered of the user under this version; null if nothing has been applied yet. */
export async function readMemory(tx: EntityManager, version: number, userId: string): Promise<StoredMemory | null> {
  const rows = await tx.query<StoredMemory[]>(
    `SELECT state, interactions_applied::float8 AS "interactionsApplied", last_occurred_at AS "lastOccurredAt",
            updated_at AS "updatedAt"
       FROM user_memory WHERE model_version = $1 AND user_id = $2 AND interactions_applied > 0`,
    [version, userId],
  );
  return rows[0] ?? null;
}
