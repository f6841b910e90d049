/** Who works on a training run: one worker at a time, by a claim that each of its writes names. */
import type { EntityManager } from 'typeorm';

export interface Claim {
  readonly id: string;
  readonly owner: string;
  readonly attempt: number;
  /** what an earlier attempt trained and stored */
  readonly modelVersion: number | null;
  /** where an earlier attempt cut the log */
  readonly cut: bigint | null;
  /** whether to start from the live model's weights; null: the setting decides */
  readonly warmStart: boolean | null;
}

interface ClaimedRow {
  readonly attempt: number;
  readonly model_version: number | null;
  readonly cut: string | null;
  readonly warm_start: boolean | null;
}

/** QUEUED -> RUNNING under a new owner; null when the run is not queued any more. */
export async function claimRun(tx: EntityManager, id: string, owner: string): Promise<Claim | null> {
  const [rows] = await tx.query<[ClaimedRow[], number]>(
    `UPDATE training_run
     SET status = 'RUNNING', owner = $2, attempt = attempt + 1, started_at = now(), heartbeat_at = now(),
         progress = NULL, epochs = '[]', error_code = NULL, error_message = NULL
     WHERE id = $1 AND status = 'QUEUED' RETURNING attempt, model_version, cut, warm_start`,
    [id, owner],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const cut = row.cut === null ? null : BigInt(row.cut);
  return { id, owner, attempt: row.attempt, modelVersion: row.model_version, cut, warmStart: row.warm_start };
}
