/**
 * SQL of the training runs.
 *
 * A run that works is owned: (id, owner, attempt) is its claim, and every write of the worker names the claim. Whoever cancels
 * a run or declares it lost changes its row, so that the worker's next write touches nothing and tells it to stop.
 */
import type { EntityManager } from 'typeorm';
import type { Claim } from './training-claim.store.js';
import { dropCheckpoints } from './training-checkpoint.store.js';
import {
  TrainingRunEntity,
  type EpochFigures,
  type TrainingCause,
  type TrainingProgress,
  type TrainingStatus,
} from './training-run.entity.js';

/** How a run ended. `result` holds the numbers that explain it. */
export interface Outcome {
  readonly status: Exclude<TrainingStatus, 'QUEUED' | 'RUNNING'>;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly modelVersion: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** Null: another run is queued or runs, or the idempotency key is taken. Waits for a concurrent insert to commit. */
export async function insertRun(
  tx: EntityManager,
  run: {
    readonly cause: TrainingCause;
    readonly reason: string | null;
    readonly idempotencyKey: string | null;
    readonly warmStart?: boolean | null;
  },
): Promise<TrainingRunEntity | null> {
  const rows: { id: string }[] = await tx.query(
    `INSERT INTO training_run (status, cause, reason, idempotency_key, warm_start) VALUES ('QUEUED', $1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING id`,
    [run.cause, run.reason, run.idempotencyKey, run.warmStart ?? null],
  );
  const [row] = rows;
  return row === undefined ? null : findRun(tx, row.id);
}

export async function findRun(tx: EntityManager, id: string): Promise<TrainingRunEntity | null> {
  return tx.findOneBy(TrainingRunEntity, { id });
}

/** What tells whether these runs were written again: the transaction that wrote each. */
export async function runVersions(
  tx: EntityManager,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly writtenBy: string }[]> {
  return tx.query('SELECT id, xmin::text AS "writtenBy" FROM training_run WHERE id = ANY($1::uuid[])', [ids]);
}

export async function findRunByKey(tx: EntityManager, idempotencyKey: string): Promise<TrainingRunEntity | null> {
  return tx.findOneBy(TrainingRunEntity, { idempotencyKey });
}

export async function findActiveRun(tx: EntityManager): Promise<TrainingRunEntity | null> {
  return tx.createQueryBuilder(TrainingRunEntity, 'run').where(`run.status IN ('QUEUED', 'RUNNING')`).getOne();
}

/** Newest first; `after` is the last row of the page before. */
export async function listRuns(
  tx: EntityManager,
  page: {
    readonly first: number;
    readonly after: { readonly createdAt: Date; readonly id: string } | null;
    readonly status: TrainingStatus | null;
  },
): Promise<TrainingRunEntity[]> {
  const query = tx
    .createQueryBuilder(TrainingRunEntity, 'run')
    .orderBy('run.createdAt', 'DESC')
    .addOrderBy('run.id', 'ASC')
    .limit(page.first);
  if (page.status !== null) query.andWhere('run.status = :status', { status: page.status });
  if (page.after !== null) {
    query.andWhere('(run.createdAt < :createdAt OR (run.createdAt = :createdAt AND run.id > :id))', page.after);
  }
  return query.getMany();
}

/** The heartbeat, with what is new of the progress. False: the claim is gone, stop. */
export async function saveProgress(
  tx: EntityManager,
  claim: Claim,
  news: { readonly progress: TrainingProgress | null; readonly epochs: readonly EpochFigures[] },
): Promise<boolean> {
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE training_run
     SET heartbeat_at = now(), progress = coalesce($4::jsonb, progress), epochs = epochs || $5::jsonb
     WHERE id = $1 AND owner = $2 AND attempt = $3 AND status = 'RUNNING'`,
    [
      claim.id,
      claim.owner,
      claim.attempt,
      news.progress === null ? null : JSON.stringify(news.progress),
      JSON.stringify(news.epochs),
    ],
  );
  return count === 1;
}

/** Notes where the log was cut for the run. */
export async function setRunCut(tx: EntityManager, claim: Claim, cut: bigint): Promise<void> {
  await tx.query('UPDATE training_run SET cut = $4 WHERE id = $1 AND owner = $2 AND attempt = $3', [
    claim.id,
    claim.owner,
    claim.attempt,
    cut.toString(),
  ]);
}

/** Notes what the run trained. False: the claim is gone. */
export async function setRunModel(tx: EntityManager, claim: Claim, version: number): Promise<boolean> {
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE training_run SET model_version = $4, heartbeat_at = now()
     WHERE id = $1 AND owner = $2 AND attempt = $3 AND status = 'RUNNING'`,
    [claim.id, claim.owner, claim.attempt, version],
  );
  return count === 1;
}

/** False: the claim is gone, and with it the right to end the run. */
export async function finishRun(tx: EntityManager, claim: Claim, outcome: Outcome): Promise<boolean> {
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE training_run
     SET status = $4, finished_at = now(), result = $5, model_version = coalesce($6, model_version), error_code = $7, error_message = $8
     WHERE id = $1 AND owner = $2 AND attempt = $3 AND status = 'RUNNING'`,
    [
      claim.id,
      claim.owner,
      claim.attempt,
      outcome.status,
      outcome.result === null ? null : JSON.stringify(outcome.result),
      outcome.modelVersion,
      outcome.errorCode,
      outcome.errorMessage,
    ],
  );
  await dropCheckpoints(tx);
  return count === 1;
}

/** Ends a queued or running run; its worker notices at its next write. False: it had ended before. */
export async function cancelRun(tx: EntityManager, id: string): Promise<boolean> {
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE training_run
     SET status = 'CANCELLED', finished_at = now(), error_code = 'CANCELLED', error_message = 'cancelled on request'
     WHERE id = $1 AND status IN ('QUEUED', 'RUNNING')`,
    [id],
  );
  await dropCheckpoints(tx);
  return count === 1;
}

/**
 * Takes the run from a worker that is gone: queued again while `attempt` is below `attempts`, FAILED(LOST) after.
 * With a claim: that worker gives its run back. With seconds: a run that was silent for longer.
 */
export async function loseRuns(
  tx: EntityManager,
  which: { readonly claim: Claim } | { readonly silentSeconds: number },
  attempts: number,
): Promise<readonly { readonly id: string; readonly status: TrainingStatus; readonly owner: string }[]> {
  const where =
    'claim' in which ? 'id = $2 AND owner = $3 AND attempt = $4' : `heartbeat_at < now() - $2 * interval '1 second'`;
  const parameters =
    'claim' in which ? [which.claim.id, which.claim.owner, which.claim.attempt] : [which.silentSeconds];
  const [rows] = await tx.query<[{ id: string; status: TrainingStatus; owner: string }[], number]>(
    `UPDATE training_run
     SET status = CASE WHEN attempt < $1 THEN 'QUEUED' ELSE 'FAILED' END,
         finished_at = CASE WHEN attempt < $1 THEN NULL ELSE now() END,
         error_code = 'LOST',
         error_message = format('attempt %s: the trainer %s stopped; %s', attempt, owner,
                                CASE WHEN attempt < $1 THEN 'queued again' ELSE 'given up' END)
     WHERE status = 'RUNNING' AND ${where} RETURNING id, status, owner`,
    [attempts, ...parameters],
  );
  await dropCheckpoints(tx);
  return rows;
}
