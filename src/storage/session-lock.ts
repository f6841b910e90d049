/**
 * Work that one session of a deployment may do at a time: it holds an advisory lock, and what it decides is written in that
 * session, so that nothing is written once the lock is lost.
 */
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { RecollectError } from '../errors.js';
import { logError, type Logger } from '../telemetry.js';

/** A process whose session says nothing for so long is frozen: Postgres ends the session, so that its locks do not keep others out. */
export const frozenAfter = '15s';

/** Holds the locks of all these names, and waits for them in one order. They are hashed. */
export async function inTurn<T>(
  dataSource: DataSource,
  logger: Logger,
  { lock, names }: { readonly lock: number; readonly names: readonly string[] },
  work: (session: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    const keys = await runner.manager.query<{ key: number }[]>(
      'SELECT DISTINCT hashtext(name) AS key FROM unnest($1::text[]) AS n(name) ORDER BY 1',
      [names],
    );
    try {
      await endWhereFrozen(runner);
      for (const { key } of keys) await runner.query('SELECT pg_advisory_lock($1, $2)', [lock, key]);
      return await work(runner.manager);
    } finally {
      await letGo(runner, 'SELECT pg_advisory_unlock_all()').catch((error: unknown) => {
        logError(logger, error, `a session was lost, and with it its advisory locks ${lock}`);
      });
    }
  } finally {
    await runner.release();
  }
}

export interface SessionLock {
  readonly lock: number;
  readonly name: string;
  readonly taken: RecollectError;
  readonly isBrief?: boolean;
}

/**
 * Throws `taken` where another session holds the lock. `name` is hashed. `isBrief`: the work has no long pauses between its statements,
 * and a process that makes one is frozen.
 */
export async function whileLocked<T>(
  dataSource: DataSource,
  logger: Logger,
  { lock, name, taken, isBrief = false }: SessionLock,
  work: (session: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  const session = runner.manager;
  try {
    if (isBrief) await endWhereFrozen(runner); // before the lock: the process may freeze as soon as it has it
    const rows: { locked: boolean }[] = await session.query('SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked', [
      lock,
      name,
    ]);
    if (rows[0]?.locked !== true) {
      await reset(runner);
      throw taken;
    }
    try {
      return await work(session);
    } finally {
      await letGo(runner, 'SELECT pg_advisory_unlock($1, hashtext($2))', [lock, name]).catch((error: unknown) => {
        logError(logger, error, `a session was lost, and with it the advisory lock ${lock} of ${name}`);
      });
    }
  } finally {
    await runner.release();
  }
}

/** What a session that is silent is ended after. */
const silences = ['idle_session_timeout', 'idle_in_transaction_session_timeout'];

async function endWhereFrozen(runner: QueryRunner): Promise<void> {
  await runner.query('SELECT set_config(name, $1, false) FROM unnest($2::text[]) AS n(name)', [frozenAfter, silences]);
}

/** The session goes back to the others of the pool. */
async function letGo(runner: QueryRunner, unlock: string, parameters: unknown[] = []): Promise<void> {
  await runner.query(unlock, parameters);
  await reset(runner);
}

async function reset(runner: QueryRunner): Promise<void> {
  await runner.query('SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name = ANY($1)', [silences]);
}
