/** SQL that takes partitions of the memories away without a stop. */
import type { EntityManager } from 'typeorm';
import { dropMemoryPartition } from './user-memory.store.js';

/**
 * The versions that memories are kept of; also what an interrupted removal left. One that is detached half is the first: until it is
 * done Postgres detaches no other.
 */
export async function listMemoryPartitions(manager: EntityManager): Promise<readonly number[]> {
  const rows: { version: number }[] = await manager.query(
    `SELECT substring(relname FROM '\\d+$')::int AS version FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ '^user_memory_\\d+$'
     ORDER BY coalesce(inhdetachpending, false) DESC, 1`,
  );
  return rows.map(({ version }) => version);
}

/** Takes the memories of these users out of every table but that of `version` (null: of all): those that served, and a shadow. */
export async function deleteOtherMemories(
  tx: EntityManager,
  version: number | null,
  userIds: readonly string[],
): Promise<void> {
  const tables: { name: string }[] = await tx.query(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ '^user_memory_(shadow_)?\\d+$' ORDER BY 1`,
  );
  for (const { name } of tables) {
    if (name !== `user_memory_${version}`)
      await tx.query(`DELETE FROM ${name} WHERE user_id = ANY($1::text[])`, [userIds]);
  }
}

/**
 * Detached first: that waits for those who use the table, and lets the next ones pass, where a drop alone would hold up all
 * readers and writers behind it. Not within a transaction.
 */
export async function removeMemoryPartition(manager: EntityManager, version: number): Promise<void> {
  const partition = `user_memory_${version}`;
  const rows: { pending: boolean }[] = await manager.query(
    'SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = to_regclass($1)',
    [partition],
  );
  for (const { pending } of rows) {
    await manager.query(
      `ALTER TABLE user_memory DETACH PARTITION ${partition} ${pending ? 'FINALIZE' : 'CONCURRENTLY'}`,
    );
  }
  await dropMemoryPartition(manager, version);
}
