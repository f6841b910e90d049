/**
 * A cut through the log: an arrival number at or below which everything is committed and visible, edits of the log included.
 *
 * Numbers are given at insert and become visible at commit, so the largest visible number has gaps below it. Every writer holds
 * the lock of the memory version shared; taking it exclusively waits for all writers in flight, and the next ones get larger
 * numbers. Writers wait behind it: hold it for an instant, or for the switch of the version.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { advisoryLock } from './data-source.js';

/**
 * For a writer: while it is held the version of the memories is not switched. Held to the end of the transaction, which looks rows up one
 * by one through an index: a join by hash or merge would read a whole table for a few of its rows, and Postgres takes one for cheaper
 * while it does not know how large the table is, as of a version that has just been built.
 */
export async function shareMemoryVersion(tx: EntityManager, schema: string): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock_shared($1, hashtext($2)),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
    [advisoryLock.memoryVersion, schema],
  );
}

/** For a cut or the switch: waits for all writers in flight. Held to the end of the transaction. */
export async function lockMemoryVersion(tx: EntityManager, schema: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [advisoryLock.memoryVersion, schema]);
}

/** The cut of this moment, in a transaction of its own. */
export async function takeCut(manager: EntityManager, schema: string): Promise<bigint> {
  return manager.transaction(async (tx) => {
    await lockMemoryVersion(tx, schema);
    return readCut(tx);
  });
}

/** The cut; exact only in a transaction that holds the lock. 0: the log is empty. */
export async function readCut(tx: EntityManager): Promise<bigint> {
  const rows: { cut: string }[] = await tx.query(
    `SELECT greatest((SELECT max(arrival) FROM interaction), (SELECT max(arrival) FROM memory_edit), 0) AS cut`,
  );
  return BigInt(rows[0]?.cut ?? 0);
}

const lookMs = 10;

/**
 * A cut that holds nobody up: the largest number given so far, once all who were writing when it was read have ended. Whoever begins to
 * write later takes a larger number.
 */
export async function visibleCut(manager: EntityManager, schema: string, signal: AbortSignal): Promise<bigint> {
  const [given] = await manager.query<{ number: string | null }[]>(
    `SELECT pg_sequence_last_value(pg_get_serial_sequence('interaction', 'arrival')::regclass) AS number`,
  );
  const writers = async (): Promise<readonly string[]> => {
    const rows = await manager.query<{ writer: string }[]>(
      `SELECT virtualtransaction AS writer FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $1::int::oid AND objid = hashtext($2)::oid
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [advisoryLock.memoryVersion, schema],
    );
    return rows.map(({ writer }) => writer);
  };
  let writing = new Set(await writers());
  while (writing.size > 0) {
    await sleep(lookMs, undefined, { signal });
    writing = new Set((await writers()).filter((writer) => writing.has(writer)));
  }
  return BigInt(given?.number ?? 0);
}
