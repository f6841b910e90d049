/** SQL of the dead letters that are kept for look-up. A letter that is written again takes the place of the one before. */
import type { EntityManager } from 'typeorm';
import type { DeadLetterEntity } from './dead-letter.entity.js';

/** Where a message lay first. */
export type Coordinates = Pick<DeadLetterEntity, 'topic' | 'partition' | 'offset' | 'timestamp'>;
export type DeadLetterRow = Omit<DeadLetterEntity, 'refusedAt' | 'replayedAt'>;

export interface DeadLetterFilter {
  readonly topic: string | null;
  readonly code: string | null;
  readonly since: Date | null;
  /** whether those that were sent again are asked for too */
  readonly withReplayed: boolean;
}

/** A place may stand in the list once. */
export async function putDeadLetters(tx: EntityManager, rows: readonly DeadLetterRow[]): Promise<void> {
  await tx.query(
    `INSERT INTO dead_letter (topic, partition, record_offset, record_timestamp, key, value, headers, is_whole, code, field,
                              message, attempts, last_offset)
     SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::json[],
                          $8::boolean[], $9::text[], $10::text[], $11::text[], $12::integer[], $13::bigint[])
      ORDER BY 1, 2, 3, 4
     ON CONFLICT (topic, partition, record_offset, record_timestamp) DO UPDATE
        SET key = excluded.key, value = excluded.value, headers = excluded.headers, is_whole = excluded.is_whole,
            code = excluded.code, field = excluded.field, message = excluded.message, attempts = excluded.attempts, last_offset = excluded.last_offset,
            refused_at = now(), replayed_at = NULL`,
    [
      rows.map(({ topic }) => topic),
      rows.map(({ partition }) => partition),
      rows.map(({ offset }) => offset),
      rows.map(({ timestamp }) => timestamp),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value),
      rows.map(({ headers }) => JSON.stringify(headers)),
      rows.map(({ isWhole }) => isWhole),
      rows.map(({ code }) => code),
      rows.map(({ field }) => field),
      rows.map(({ message }) => message),
      rows.map(({ attempts }) => attempts),
      rows.map(({ lastOffset }) => lastOffset),
    ],
  );
}

/** Those of the filter behind `after`, in the order of their places. */
export async function listDeadLetters(
  tx: EntityManager,
  { topic, code, since, withReplayed }: DeadLetterFilter,
  after: Coordinates | null,
  count: number,
): Promise<readonly DeadLetterEntity[]> {
  return tx.query(
    `SELECT ${columns} FROM dead_letter
      WHERE ($1::text IS NULL OR topic = $1) AND ($2::text IS NULL OR code = $2)
        AND ($3::timestamptz IS NULL OR refused_at >= $3) AND ($4 OR replayed_at IS NULL)
        AND ($5::text IS NULL OR (topic, partition, record_offset, record_timestamp) > ($5, $6::int, $7::bigint, $8::bigint))
      ORDER BY topic, partition, record_offset, record_timestamp LIMIT $9`,
    [topic, code, since, withReplayed, after?.topic, after?.partition, after?.offset, after?.timestamp, count],
  );
}

/** Those at a place; more than one where the topic was made anew. */
export async function findDeadLetters(
  tx: EntityManager,
  { topic, partition, offset }: Omit<Coordinates, 'timestamp'>,
): Promise<readonly DeadLetterEntity[]> {
  return tx.query(
    `SELECT ${columns} FROM dead_letter WHERE topic = $1 AND partition = $2 AND record_offset = $3 ORDER BY record_timestamp`,
    [topic, partition, offset],
  );
}

/** Not one that was refused again since it was read: that may happen before the command that sent it gets here. */
export async function markReplayed(
  tx: EntityManager,
  { topic, partition, offset, timestamp, attempts }: Coordinates & Pick<DeadLetterEntity, 'attempts'>,
): Promise<void> {
  await tx.query(
    `UPDATE dead_letter SET replayed_at = now()
      WHERE topic = $1 AND partition = $2 AND record_offset = $3 AND record_timestamp = $4 AND attempts = $5`,
    [topic, partition, offset, timestamp, attempts],
  );
}

export async function deleteDeadLettersAt(tx: EntityManager, places: readonly Coordinates[]): Promise<void> {
  if (places.length === 0) return;
  await tx.query(
    `DELETE FROM dead_letter d USING unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS n(topic, partition, place, time)
      WHERE d.topic = n.topic AND d.partition = n.partition AND d.record_offset = n.place AND d.record_timestamp = n.time`,
    [
      places.map(({ topic }) => topic),
      places.map(({ partition }) => partition),
      places.map(({ offset }) => offset),
      places.map(({ timestamp }) => timestamp),
    ],
  );
}

/** Those that were refused last before `before` and can't be asked for any more. */
export async function deleteDeadLetters(tx: EntityManager, before: Date): Promise<void> {
  await tx.query('DELETE FROM dead_letter WHERE refused_at < $1', [before]);
}

const columns = `topic, partition, record_offset AS "offset", record_timestamp AS timestamp,
  last_offset AS "lastOffset", key, value, headers,
  is_whole AS "isWhole", code, field, message, attempts, refused_at AS "refusedAt", replayed_at AS "replayedAt"`;
