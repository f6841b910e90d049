/**
 * SQL that keeps the memories. States of one version are all of one size: they travel as one buffer that Postgres cuts up,
 * which is several times faster than an array of bytea. Rows are locked in the order of the user ids, so that two writers wait for
 * each other and don't deadlock.
 */
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { BinaryCopy } from './binary-copy.js';
import { bigintArray, instantArray, textArray } from './binary-array.js';

/** A memory as it is stored. */
export interface MemoryRow {
  readonly userId: string;
  readonly state: Buffer;
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly checksum: number;
}

/** A memory and how often its row was written: every write raises the number. */
export interface HeldMemory extends MemoryRow {
  /** 0: there is no row, or one that nobody wrote to yet */
  readonly sequenceNumber: number;
}

/** A row as a `MemoryRow`. */
export const memoryColumns = `user_id AS "userId", state, interactions_applied::float8 AS "interactionsApplied",
  last_occurred_at AS "lastOccurredAt", checksum::float8 AS checksum`;

/** Where the memories of a version are written: among those that are read, or in a shadow that is to take their place. */
export interface MemoryTable {
  readonly version: number;
  readonly name: 'user_memory' | Shadow;
}

type Shadow = `user_memory_shadow_${string}`;

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

/**
 * Makes a shadow, empty; what interrupted rebuilds left is thrown away. Each has a name of its own: whoever still works on one of
 * before, without knowing that its lock is lost, finds it gone and writes to no other.
 */
export async function createShadow(tx: EntityManager, version: number): Promise<MemoryTable> {
  const left: { name: string }[] = await tx.query(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ '^user_memory_shadow'`,
  );
  for (const { name } of left) await tx.query(`DROP TABLE IF EXISTS ${name}`);
  const rows: { number: string }[] = await tx.query(
    `SELECT nextval(pg_get_serial_sequence('interaction', 'arrival')) AS number`,
  );
  const name: Shadow = `user_memory_shadow_${rows[0]?.number ?? ''}`;
  // room on each page for the next state of its rows, which then needs no new index entries; states are not moved out of line
  await tx.query(
    `CREATE TABLE ${name} (LIKE user_memory INCLUDING ALL, CONSTRAINT version CHECK (model_version = ${version}))
     WITH (fillfactor = 70, toast_tuple_target = 8160)`,
  );
  return { version, name };
}

export async function dropShadow(tx: EntityManager, { name }: MemoryTable): Promise<void> {
  if (name !== 'user_memory') await tx.query(`DROP TABLE IF EXISTS ${name}`);
}

/** Puts a shadow in the place of its version's memories, which are gone then. Waits for readers, and holds the next ones up. */
export async function attachShadow(tx: EntityManager, { name, version }: MemoryTable): Promise<void> {
  const partition = partitionOf(version);
  await dropMemoryPartition(tx, version);
  await tx.query(`ALTER TABLE ${name} RENAME TO ${partition}`);
  await tx.query(`ALTER TABLE user_memory ATTACH PARTITION ${partition} FOR VALUES IN (${version})`); // by the constraint, without a scan
  await tx.query(`ALTER TABLE ${partition} DROP CONSTRAINT version`);
}

/** Makes the partition of a version, empty. */
export async function createMemoryPartition(tx: EntityManager, version: number): Promise<void> {
  await attachShadow(tx, await createShadow(tx, version));
}

/** Forgets everything that was remembered under a version. */
export async function dropMemoryPartition(tx: EntityManager, version: number): Promise<void> {
  await tx.query(`DROP TABLE IF EXISTS ${partitionOf(version)}`);
}

function partitionOf(version: number): string {
  if (!Number.isInteger(version)) throw new Error(`${version} is not a version`);
  return `user_memory_${version}`;
}

/** Locks the memories of these users to the end of the transaction and returns those that there are. */
export async function lockMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  userIds: readonly string[],
): Promise<readonly HeldMemory[]> {
  return tx.query(
    `SELECT ${memoryColumns}, sequence_number::float8 AS "sequenceNumber"
       FROM ${name} WHERE model_version = $1 AND user_id = ANY($2::text[]) ORDER BY user_id FOR UPDATE`,
    [version, textArray(userIds)],
  );
}

/**
 * Locks a memory as one that was written, though it stays as it is: whoever holds what it was must look at it again. False: the user has
 * none, or an empty one.
 */
export async function touchMemory(tx: EntityManager, { version, name }: MemoryTable, userId: string): Promise<boolean> {
  const [, count] = await tx.query<[unknown, number]>(
    `UPDATE ${name} SET sequence_number = sequence_number + 1
      WHERE model_version = $1 AND user_id = $2 AND interactions_applied > 0`,
    [version, userId],
  );
  return count > 0;
}

/** Adds a memory for each of these users who has none; nobody wrote to it yet. */
export async function addMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  userIds: readonly string[],
  { state, checksum }: Pick<MemoryRow, 'state' | 'checksum'>,
): Promise<void> {
  await tx.query(
    `INSERT INTO ${name} (model_version, user_id, state, interactions_applied, checksum)
     SELECT $1, user_id, $3, 0, $4 FROM unnest($2::text[]) AS u(user_id) ORDER BY user_id
     ON CONFLICT DO NOTHING`,
    [version, userIds, state, checksum],
  );
}

/** What comes in the place of a memory. */
export interface MemoryChange {
  readonly before: HeldMemory;
  readonly after: MemoryRow;
}

/** Writes what came of memories; throws MEMORY_CHANGED where a row is not, or is no longer, as it was before. */
export async function changeMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  changes: readonly MemoryChange[],
): Promise<void> {
  const stored = changes.filter(({ before }) => before.sequenceNumber > 0);
  const others = changes.filter(({ before }) => before.sequenceNumber === 0);
  let written = 0;
  if (stored.length > 0) {
    const [, updated] = await tx.query<[unknown, number]>(
      `UPDATE ${name} AS m
          SET state = n.state, interactions_applied = applied, last_occurred_at = last, checksum = n.checksum,
              sequence_number = m.sequence_number + 1, updated_at = now()
         FROM (SELECT * FROM ${rows} ORDER BY user_id) AS n
        WHERE m.model_version = $1 AND m.user_id = n.user_id
          AND m.sequence_number = n.sequence_before AND m.checksum = n.checksum_before`,
      changeParametersOf(version, stored),
    );
    written += updated;
  }
  if (others.length > 0) {
    const inserted = await tx.query<unknown[]>(
      `${upsert(name)} WHERE m.sequence_number = 0 RETURNING 1`,
      changeParametersOf(version, others),
    );
    written += inserted.length;
  }
  if (written === changes.length) return;
  throw new RecollectError(
    'MEMORY_CHANGED',
    `${changes.length - written} of ${changes.length} memories were written by others meanwhile; the batch is tried again`,
  );
}

/** Writes memories, whatever is in their rows, and raises their sequence numbers, which come back. */
export async function saveMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  memories: readonly MemoryRow[],
): Promise<readonly HeldMemory[]> {
  if (memories.length === 0) return [];
  const saved: { userId: string; sequenceNumber: number }[] = await tx.query(
    `${upsert(name)} RETURNING user_id AS "userId", sequence_number::float8 AS "sequenceNumber"`,
    parametersOf(version, memories, []),
  );
  const numbers = new Map(saved.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]));
  return memories.map((memory) => ({ ...memory, sequenceNumber: numbers.get(memory.userId) ?? 0 }));
}

/** Writes memories of users who have none in the table, several times faster. */
export async function copyMemories(
  tx: EntityManager,
  { version, name }: MemoryTable,
  memories: readonly MemoryRow[],
): Promise<void> {
  if (memories.length === 0) return;
  const columns = ['model_version', 'user_id', 'state', 'interactions_applied', 'last_occurred_at', 'checksum'];
  const copy = await BinaryCopy.start(tx, name, [...columns, 'sequence_number']);
  for (const { userId, state, interactionsApplied, lastOccurredAt, checksum } of memories) {
    copy.row();
    copy.integer(version);
    copy.text(userId);
    copy.binary(state);
    copy.bigint(interactionsApplied);
    copy.instant(lastOccurredAt?.getTime() ?? null);
    copy.bigint(checksum);
    copy.bigint(1);
    if (copy.isFull) await copy.send();
  }
  await copy.end();
}

function upsert(name: MemoryTable['name']): string {
  return `INSERT INTO ${name} AS m
       (model_version, user_id, state, interactions_applied, last_occurred_at, checksum, sequence_number)
     SELECT $1, user_id, state, applied, last, checksum, 1 FROM ${rows} ORDER BY user_id
     ON CONFLICT (model_version, user_id) DO UPDATE
        SET state = excluded.state, interactions_applied = excluded.interactions_applied,
            last_occurred_at = excluded.last_occurred_at, checksum = excluded.checksum,
            sequence_number = m.sequence_number + 1, updated_at = now()`;
}

/** The parameters as rows. */
const rows = `(
       SELECT user_id, substr($9::bytea, (place::int - 1) * $2::int + 1, $2::int) AS state, applied, last, checksum,
              sequence_before, checksum_before
         FROM unnest($3::text[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[])
              WITH ORDINALITY AS p(user_id, applied, last, checksum, sequence_before, checksum_before, place)) AS r`;

/** `befores`: what the rows must be; empty: whatever they are. The states come last: what pg writes behind a long parameter has it copy that once more. */
function parametersOf(version: number, memories: readonly MemoryRow[], befores: readonly HeldMemory[]): unknown[] {
  return [
    version,
    memories[0]?.state.length ?? 0,
    textArray(memories.map(({ userId }) => userId)),
    bigintArray(memories.map(({ interactionsApplied }) => interactionsApplied)),
    instantArray(memories.map(({ lastOccurredAt }) => lastOccurredAt?.getTime() ?? null)),
    bigintArray(memories.map(({ checksum }) => checksum)),
    bigintArray(befores.map(({ sequenceNumber }) => sequenceNumber)),
    bigintArray(befores.map(({ checksum }) => checksum)),
    joined(memories.map(({ state }) => state)),
  ];
}

function changeParametersOf(version: number, changes: readonly MemoryChange[]): unknown[] {
  return parametersOf(
    version,
    changes.map(({ after }) => after),
    changes.map(({ before }) => before),
  );
}

/** States that lie side by side go as they are. */
function joined(states: readonly Buffer[]): Buffer {
  const [first] = states;
  const lieSideBySide =
    first !== undefined &&
    states.every(
      (state, at) => state.buffer === first.buffer && state.byteOffset === first.byteOffset + at * first.length,
    );
  if (!lieSideBySide) return Buffer.concat(states);
  return Buffer.from(first.buffer, first.byteOffset, states.length * first.length);
}
