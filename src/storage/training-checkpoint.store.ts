/** SQL of the states of trainings under way: one a run, in chunks, gone when the run ends. */
import type { EntityManager } from 'typeorm';
import { chunkBytes } from './model.store.js';
import type { Claim } from './training-claim.store.js';

/**
 * Puts this state in the place of the one before. False: the claim is gone, roll back. The claim is looked at last, so that
 * heartbeats don't wait for the chunks: who ends the run before that is seen, who ends it after waits and finds them.
 */
export async function replaceCheckpoint(tx: EntityManager, claim: Claim, bytes: Uint8Array): Promise<boolean> {
  await tx.query('DELETE FROM training_checkpoint WHERE run_id = $1', [claim.id]);
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    await tx.query('INSERT INTO training_checkpoint (run_id, number, bytes) VALUES ($1, $2, $3)', [
      claim.id,
      start / chunkBytes,
      bytes.subarray(start, start + chunkBytes),
    ]);
  }
  return lockClaim(tx, claim);
}

/** The state's chunks in order; none where the run has no state. */
export async function* readCheckpoint(tx: EntityManager, runId: string): AsyncGenerator<Buffer> {
  for (let number = 0; ; number++) {
    const [row] = await tx.query<{ bytes: Buffer }[]>(
      'SELECT bytes FROM training_checkpoint WHERE run_id = $1 AND number = $2',
      [runId, number],
    );
    if (row === undefined) return;
    yield row.bytes;
  }
}

/** Whether the run is this worker's, and to the end of the transaction nobody else's. */
async function lockClaim(tx: EntityManager, { id, owner, attempt }: Claim): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `SELECT 1 FROM training_run WHERE id = $1 AND owner = $2 AND attempt = $3 AND status = 'RUNNING' FOR UPDATE`,
    [id, owner, attempt],
  );
  return rows.length === 1;
}

/** States of runs that have ended are of no use. In a statement of its own, to see what the end of the run waited for. */
export async function dropCheckpoints(tx: EntityManager): Promise<void> {
  await tx.query(
    `DELETE FROM training_checkpoint WHERE run_id IN (SELECT id FROM training_run WHERE status NOT IN ('QUEUED', 'RUNNING'))`,
  );
}
