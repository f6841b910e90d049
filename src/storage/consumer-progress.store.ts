/** SQL of the progress of each partition: where to go on, and who may. */
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { frozenAfter } from './session-lock.js';
import type { ConsumerProgressEntity } from './consumer-progress.entity.js';

/** A batch of one partition, as its transaction needs it. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly ownerEpoch: bigint;
  /** the next offset that the owner knows of: everything before it was applied */
  readonly startOffset: bigint;
  /** one past the last record of the batch */
  readonly endOffset: bigint;
}

export interface Progress {
  readonly nextOffset: bigint;
  readonly ownerEpoch: bigint;
}

interface ProgressRow {
  readonly next_offset: string;
  readonly owner_epoch: string;
}

const toProgress = (row: ProgressRow): Progress => ({
  nextOffset: BigInt(row.next_offset),
  ownerEpoch: BigInt(row.owner_epoch),
});

export async function listProgress(tx: EntityManager): Promise<readonly ConsumerProgressEntity[]> {
  return tx.query(
    `SELECT topic, partition, next_offset AS "nextOffset", owner_epoch AS "ownerEpoch", awaits_owner AS "awaitsOwner", updated_at AS "updatedAt"
       FROM consumer_progress ORDER BY topic, partition`,
  );
}

/** Sets where each partition of a topic begins; does nothing where the topic has progress, in whichever partition. */
export async function startTopic(
  tx: EntityManager,
  topic: string,
  starts: readonly { readonly partition: number; readonly offset: bigint }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO consumer_progress (topic, partition, next_offset, owner_epoch)
     SELECT $1, partition, next_offset, 0 FROM unnest($2::integer[], $3::bigint[]) AS s(partition, next_offset)
      WHERE NOT EXISTS (SELECT FROM consumer_progress WHERE topic = $1)
      ORDER BY partition
     ON CONFLICT DO NOTHING`,
    [topic, starts.map(({ partition }) => partition), starts.map(({ offset }) => offset.toString())],
  );
}

/** Makes the caller the owner of the partition: every write under an older epoch fails from now on. */
export async function claimPartition(
  tx: EntityManager,
  topic: string,
  partition: number,
  startOffset: bigint,
): Promise<Progress> {
  const rows: ProgressRow[] = await tx.query(
    `INSERT INTO consumer_progress AS p (topic, partition, next_offset, owner_epoch) VALUES ($1, $2, $3, 1)
     ON CONFLICT (topic, partition) DO UPDATE SET owner_epoch = p.owner_epoch + 1, awaits_owner = false, updated_at = now()
     RETURNING next_offset, owner_epoch`,
    [topic, partition, startOffset.toString()],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the claimed partition was not returned');
  return toProgress(row);
}

/** Sets where a partition goes on, forward or back: whoever has it is locked out, whoever claims it next begins there. */
export async function restartPartition(
  tx: EntityManager,
  topic: string,
  partition: number,
  nextOffset: bigint,
): Promise<void> {
  await tx.query(
    `INSERT INTO consumer_progress AS p (topic, partition, next_offset, owner_epoch, awaits_owner) VALUES ($1, $2, $3, 1, true)
     ON CONFLICT (topic, partition) DO UPDATE
        SET next_offset = excluded.next_offset, owner_epoch = p.owner_epoch + 1, awaits_owner = true, updated_at = now()`,
    [topic, partition, nextOffset.toString()],
  );
}

/**
 * Locks the row of the partition and returns its next offset; throws OWNER_REPLACED for an owner of before, and OFFSET_GAP where the
 * row is behind what this owner had applied: a crash of Postgres took back its last commits, which the batch would pass over. Such a
 * transaction does not wait for the disk: what a crash loses of it is offset and effect together, and Kafka has it still.
 */
export async function lockProgress(tx: EntityManager, position: Position): Promise<bigint> {
  const { topic, partition, ownerEpoch, startOffset } = position;
  const rows: ProgressRow[] = await tx.query(
    `SELECT next_offset, owner_epoch, set_config('idle_in_transaction_session_timeout', $3, true),
            set_config('synchronous_commit', 'off', true)
       FROM consumer_progress WHERE topic = $1 AND partition = $2 FOR UPDATE`,
    [topic, partition, frozenAfter],
  );
  const progress = rows[0] === undefined ? null : toProgress(rows[0]);
  if (progress?.ownerEpoch !== ownerEpoch) {
    throw new RecollectError(
      'OWNER_REPLACED',
      `partition ${partition} of ${topic} has another owner since (epoch ${progress?.ownerEpoch ?? 'none'}, this one has ${ownerEpoch}); the batch is left to it`,
    );
  }
  if (progress.nextOffset < startOffset) {
    throw new RecollectError(
      'OFFSET_GAP',
      `partition ${partition} of ${topic}: the database stands at ${progress.nextOffset} again, the batch begins at ${startOffset}; what was lost is read once more`,
    );
  }
  return progress.nextOffset;
}

/** Never goes back: a batch that was applied before changes nothing. */
export async function advanceProgress(tx: EntityManager, position: Position): Promise<void> {
  await tx.query(
    `UPDATE consumer_progress SET next_offset = greatest(next_offset, $3), updated_at = now()
      WHERE topic = $1 AND partition = $2`,
    [position.topic, position.partition, position.endOffset.toString()],
  );
}
