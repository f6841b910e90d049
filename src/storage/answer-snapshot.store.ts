/** SQL of answers that are read in pages. A snapshot is good for an hour. */
import type { EntityManager } from 'typeorm';
import type { AnswerSnapshotEntity } from './answer-snapshot.entity.js';

export type AnswerSnapshot = Omit<AnswerSnapshotEntity, 'answeredAt'>;

const lifetime = `interval '1 hour'`;
/** Snapshots whose time is over that leave with one that is added. */
const deletedAtOnce = 10;

export async function addAnswerSnapshot(tx: EntityManager, snapshot: AnswerSnapshot): Promise<void> {
  await tx.query(
    `WITH over AS (
       SELECT id FROM answer_snapshot WHERE answered_at < now() - ${lifetime} ORDER BY answered_at
        LIMIT ${deletedAtOnce} FOR UPDATE SKIP LOCKED),
     gone AS (DELETE FROM answer_snapshot s USING over WHERE s.id = over.id)
     INSERT INTO answer_snapshot (id, request, basis, item_ids, scores, item_sources, item_rules)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [
      snapshot.id,
      snapshot.request,
      JSON.stringify(snapshot.basis),
      snapshot.itemIds,
      snapshot.scores,
      snapshot.itemSources,
      JSON.stringify(snapshot.itemRules),
    ],
  );
}

/** Null: there is none by this id, or its time is over. */
export async function findAnswerSnapshot(tx: EntityManager, id: string): Promise<AnswerSnapshot | null> {
  const rows = await tx.query<AnswerSnapshot[]>(
    `SELECT id, request, basis, item_ids AS "itemIds", scores, item_sources AS "itemSources", item_rules AS "itemRules"
       FROM answer_snapshot WHERE id = $1 AND answered_at >= now() - ${lifetime}`,
    [id],
  );
  return rows[0] ?? null;
}
