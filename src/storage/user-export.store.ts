/** SQL that reads all that is held of a user beside the log. */
import type { EntityManager } from 'typeorm';

export interface HeldMemory {
  readonly modelVersion: number;
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly updatedAt: Date;
  readonly state: Buffer;
}

export async function listMemoriesOf(tx: EntityManager, userId: string): Promise<readonly HeldMemory[]> {
  return tx.query(
    `SELECT model_version AS "modelVersion", interactions_applied::float8 AS "interactionsApplied",
            last_occurred_at AS "lastOccurredAt", updated_at AS "updatedAt", state
       FROM user_memory WHERE user_id = $1 ORDER BY 1`,
    [userId],
  );
}

export async function countForgotten(tx: EntityManager, userId: string): Promise<number> {
  const rows = await tx.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM forgotten_interaction WHERE user_id = $1',
    [userId],
  );
  return rows[0]?.count ?? 0;
}

/** All interactions of the log, also those that no memory has. */
export async function countLogged(tx: EntityManager, userId: string): Promise<number> {
  const rows = await tx.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM interaction WHERE user_id = $1',
    [userId],
  );
  return rows[0]?.count ?? 0;
}
