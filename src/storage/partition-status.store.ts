/** SQL of how each partition stands: what its owner reports, beside what is stored with the effect of its messages. */
import type { EntityManager } from 'typeorm';
import { everyPartition } from './consumer-pause.entity.js';

/** A partition whose owner has not reported for longer is taken to have none. */
const silentSeconds = 30;
/** How often a report that says nothing new is written. */
const repeatSeconds = 5;

export interface PartitionReport {
  readonly topic: string;
  readonly partition: number;
  readonly ownerEpoch: bigint;
  readonly lag: bigint;
  readonly eventTime: Date | null;
  readonly stopped: { readonly code: string; readonly message: string } | null;
  readonly waitingFor: string | null;
}

export type PartitionState = 'RUNNING' | 'WAITING' | 'PAUSED' | 'STOPPED' | 'UNOWNED';

export interface PartitionStanding {
  readonly topic: string;
  readonly partition: number;
  readonly state: PartitionState;
  readonly nextOffset: string;
  readonly lag: number | null;
  readonly lastCommitAt: Date;
  readonly lastEventAt: Date | null;
  readonly reportedAt: Date | null;
  readonly waitingFor: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly deadLetters: number;
}

/** What an owner of before reports changes nothing. */
export async function reportPartitions(tx: EntityManager, reports: readonly PartitionReport[]): Promise<void> {
  if (reports.length === 0) return;
  await tx.query(
    `INSERT INTO partition_status AS s
       (topic, partition, lag, event_time, stopped_code, stopped_message, waiting_for)
     SELECT topic, partition, lag, event_time, stopped_code, stopped_message, waiting_for
       FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[])
            AS r(topic, partition, owner_epoch, lag, event_time, stopped_code, stopped_message, waiting_for)
       JOIN consumer_progress USING (topic, partition, owner_epoch)
      ORDER BY topic, partition
     ON CONFLICT (topic, partition) DO UPDATE
        SET lag = excluded.lag, event_time = coalesce(excluded.event_time, s.event_time),
            stopped_code = excluded.stopped_code, stopped_message = excluded.stopped_message,
            waiting_for = excluded.waiting_for, reported_at = now()
      WHERE s.reported_at < now() - make_interval(secs => ${repeatSeconds})
         OR (s.lag, s.event_time, s.stopped_code, s.stopped_message, s.waiting_for) IS DISTINCT FROM
            (excluded.lag, excluded.event_time, excluded.stopped_code, excluded.stopped_message, excluded.waiting_for)`,
    [
      reports.map(({ topic }) => topic),
      reports.map(({ partition }) => partition),
      reports.map(({ ownerEpoch }) => ownerEpoch.toString()),
      reports.map(({ lag }) => lag.toString()),
      reports.map(({ eventTime }) => eventTime),
      reports.map(({ stopped }) => stopped?.code ?? null),
      reports.map(({ stopped }) => stopped?.message ?? null),
      reports.map(({ waitingFor }) => waitingFor),
    ],
  );
}

export async function deleteReport(tx: EntityManager, topic: string, partition: number): Promise<void> {
  await tx.query('DELETE FROM partition_status WHERE topic = $1 AND partition = $2', [topic, partition]);
}

/** Every partition that was ever claimed, in the order of topic and number. */
export async function listStandings(tx: EntityManager): Promise<readonly PartitionStanding[]> {
  return tx.query(
    `SELECT p.topic, p.partition, p.next_offset AS "nextOffset", p.updated_at AS "lastCommitAt",
            s.lag::float8 AS lag, s.event_time AS "lastEventAt", s.reported_at AS "reportedAt", s.waiting_for AS "waitingFor",
            s.stopped_code AS "errorCode", s.stopped_message AS "errorMessage", coalesce(d.count, 0) AS "deadLetters",
            CASE WHEN s.stopped_code IS NOT NULL THEN 'STOPPED'
                 WHEN EXISTS (SELECT FROM consumer_pause c
                               WHERE c.topic = p.topic AND c.partition IN (p.partition, ${everyPartition})) THEN 'PAUSED'
                 WHEN s.reported_at IS NULL OR s.reported_at < now() - make_interval(secs => ${silentSeconds}) THEN 'UNOWNED'
                 WHEN s.waiting_for IS NOT NULL THEN 'WAITING'
                 ELSE 'RUNNING' END AS state
       FROM consumer_progress p
       LEFT JOIN partition_status s USING (topic, partition)
       LEFT JOIN (SELECT topic, partition, count(*)::int AS count FROM dead_letter WHERE replayed_at IS NULL
                   GROUP BY topic, partition) AS d USING (topic, partition)
      ORDER BY p.topic, p.partition`,
  );
}
