/** SQL of what an operator holds. */
import type { EntityManager } from 'typeorm';
import { everyPartition, type ConsumerPauseEntity } from './consumer-pause.entity.js';

export type Pause = Pick<ConsumerPauseEntity, 'topic' | 'partition'>;

export async function listPauses(tx: EntityManager): Promise<readonly Pause[]> {
  return tx.query('SELECT topic, partition FROM consumer_pause ORDER BY topic, partition');
}

export async function putPause(tx: EntityManager, { topic, partition }: Pause): Promise<void> {
  await tx.query('INSERT INTO consumer_pause (topic, partition) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    topic,
    partition,
  ]);
}

/** Ends a pause; that of a topic and those of its partitions together. Returns whether there was one. */
export async function deletePause(tx: EntityManager, { topic, partition }: Pause): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `WITH ended AS (
       DELETE FROM consumer_pause WHERE topic = $1 AND ($2 = ${everyPartition} OR partition = $2) RETURNING topic)
     SELECT topic FROM ended`,
    [topic, partition],
  );
  return rows.length > 0;
}

export function isPaused(pauses: readonly Pause[], { topic, partition }: Pause): boolean {
  return pauses.some((pause) => pause.topic === topic && [partition, everyPartition].includes(pause.partition));
}
