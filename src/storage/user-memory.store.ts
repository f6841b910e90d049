/**
 * SQL that keeps the memories. States of one version are all of one size: they travel as one buffer that Postgres cuts up,
 * which is several times faster than an array of bytea. Rows are locked in the order of the user ids, so that two writers wait for
 * each other and don't deadlock.
 */
import type { EntityManager } from 'typeorm';

/** A memory as it is stored. */
export interface MemoryRow {
  readonly userId: string;
  readonly state: Buffer;
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly checksum: number;
}

/** A row as a `MemoryRow`. */
export const memoryColumns = `user_id AS "userId", state, interactions_applied::float8 AS "interactionsApplied",
  last_occurred_at AS "lastOccurredAt", checksum::float8 AS checksum`;

/** Where the memories of a version are written: among those that are read, or in the shadow that is to take their place. */
export interface MemoryTable {
  readonly version: number;
  readonly name: 'user_memory' | 'user_memory_shadow';
}

export function memoriesOf(version: number): MemoryTable {
  return { version, name: 'user_memory' };
}

/** Takes memories away. */
export async function deleteMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return;
  await tx.query(`DELETE FROM ${name} WHERE model_version = $1 AND user_id = ANY($2::text[])`, [version, userIds]);
}

/** Takes the rows away that a lock made and nobody wrote to. */
export async function deleteUnwritten(
  tx: EntityManager,
  { version, name }: MemoryTable,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return;
  await tx.query(`DELETE FROM ${name} WHERE model_version = $1 AND user_id = ANY($2::text[]) AND sequence_number = 0`, [
    version,
    userIds,
  ]);
}

/** Makes the shadow, empty; what an interrupted rebuild left is thrown away. */
export async function createShadow(tx: EntityManager, version: number): Promise<MemoryTable> {
  await dropShadow(tx);
  // room on each page for the next state of its rows, which then needs no new index entries; states are not moved out of line
  await tx.query(
    `CREATE TABLE user_memory_shadow (LIKE user_memory INCLUDING ALL, CONSTRAINT version CHECK (model_version = ${version}))
     WITH (fillfactor = 70, toast_tuple_target = 8160)`,
  );
  return { version, name: 'user_memory_shadow' };
}

export async function dropShadow(tx: EntityManager): Promise<void> {
  await tx.query('DROP TABLE IF EXISTS user_memory_shadow');
}

/** Puts the shadow in the place of the version's memories, which are gone then. Waits for readers, and holds the next ones up. */
export async function attachShadow(tx: EntityManager, version: number): Promise<void> {
  const partition = partitionOf(version);
  await dropMemoryPartition(tx, version);
  await tx.query(`ALTER TABLE user_memory_shadow RENAME TO ${partition}`);
  await tx.query(`ALTER TABLE user_memory ATTACH PARTITION ${partition} FOR VALUES IN (${version})`); // by the constraint, without a scan
  await tx.query(`ALTER TABLE ${partition} DROP CONSTRAINT version`);
}

/** Makes the partition of a version, empty. */
export async function createMemoryPartition(tx: EntityManager, version: number): Promise<void> {
  await createShadow(tx, version);
  await attachShadow(tx, version);
}

/** Forgets everything that was remembered under a version. */
export async function dropMemoryPartition(tx: EntityManager, version: number): Promise<void> {
  await tx.query(`DROP TABLE IF EXISTS ${partitionOf(version)}`);
}

function partitionOf(version: number): string {
  if (!Number.isInteger(version)) throw new Error(`${version} is not a version`);
  return `user_memory_${version}`;
}

/** Locks the memories of these users to the end of the transaction and returns them; a user without one gets an empty one. */
export async function lockMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  userIds: readonly string[],
  empty: { readonly state: Buffer; readonly checksum: number },
): Promise<readonly MemoryRow[]> {
  await tx.query(
    `INSERT INTO ${name} (model_version, user_id, state, interactions_applied, checksum)
     SELECT $1, user_id, $3, 0, $4 FROM unnest($2::text[]) AS u(user_id) ORDER BY user_id
     ON CONFLICT DO NOTHING`,
    [version, userIds, empty.state, empty.checksum],
  );
  return tx.query(
    `SELECT ${memoryColumns} FROM ${name} WHERE model_version = $1 AND user_id = ANY($2::text[]) ORDER BY user_id FOR UPDATE`,
    [version, userIds],
  );
}

/** Writes memories and raises their sequence numbers. */
export async function saveMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  memories: readonly MemoryRow[],
): Promise<void> {
  const [first] = memories;
  if (first === undefined) return;
  await tx.query(
    `INSERT INTO ${name} AS m
       (model_version, user_id, state, interactions_applied, last_occurred_at, checksum, sequence_number)
     SELECT $1, user_id, substr($2::bytea, (place::int - 1) * $3::int + 1, $3::int), applied, last, checksum, 1
       FROM unnest($4::text[], $5::bigint[], $6::timestamptz[], $7::bigint[])
            WITH ORDINALITY AS n(user_id, applied, last, checksum, place)
      ORDER BY user_id
     ON CONFLICT (model_version, user_id) DO UPDATE
        SET state = excluded.state, interactions_applied = excluded.interactions_applied,
            last_occurred_at = excluded.last_occurred_at, checksum = excluded.checksum,
            sequence_number = m.sequence_number + 1, updated_at = now()`,
    [
      version,
      Buffer.concat(memories.map(({ state }) => state)),
      first.state.length,
      memories.map(({ userId }) => userId),
      memories.map(({ interactionsApplied }) => interactionsApplied),
      memories.map(({ lastOccurredAt }) => lastOccurredAt),
      memories.map(({ checksum }) => checksum),
    ],
  );
}
