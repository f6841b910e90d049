/** SQL of the one experiment that there may be. */
import type { EntityManager } from 'typeorm';
import { ExperimentEntity } from './experiment.entity.js';

/** Null: none is under way. */
export async function findExperiment(tx: EntityManager): Promise<ExperimentEntity | null> {
  return tx.findOneBy(ExperimentEntity, { single: true });
}

export async function putExperiment(
  tx: EntityManager,
  {
    version,
    share,
    seed,
    reason,
    standing,
  }: Pick<ExperimentEntity, 'version' | 'share' | 'seed' | 'reason' | 'standing'>,
): Promise<void> {
  await tx.query('INSERT INTO experiment (version, share, seed, reason, standing) VALUES ($1, $2, $3, $4, $5)', [
    version,
    share,
    seed,
    reason,
    standing,
  ]);
}

/** Holds the row to the end of the transaction: until then the experiment does not end. Null: that of this version is over. */
export async function lockExperiment(tx: EntityManager, version: number): Promise<bigint | null> {
  const rows = await tx.query<{ standing: string }[]>('SELECT standing FROM experiment WHERE version = $1 FOR UPDATE', [
    version,
  ]);
  const [row] = rows;
  return row === undefined ? null : BigInt(row.standing);
}

/** The same of any: its challenger's memories stay as they are to the end of the transaction. */
export async function holdExperiment(tx: EntityManager): Promise<void> {
  await tx.query('SELECT FROM experiment FOR UPDATE');
}

export async function moveExperiment(tx: EntityManager, standing: bigint): Promise<void> {
  await tx.query('UPDATE experiment SET standing = $1', [standing.toString()]);
}

/** The version whose experiment this ends; null: none was under way. */
export async function endExperiment(tx: EntityManager): Promise<number | null> {
  const [rows] = await tx.query<[{ version: number }[], number]>('DELETE FROM experiment RETURNING version');
  return rows[0]?.version ?? null;
}
