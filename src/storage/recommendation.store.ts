/** SQL of what was answered. */
import type { EntityManager } from 'typeorm';
import type { RecommendationEntity } from './recommendation.entity.js';

/**
 * From here to the end of the transaction no user is erased or merged; whoever was is seen by the next statement. Erasures and merges
 * lock the table against this one.
 */
export async function shareRecommendations(tx: EntityManager): Promise<void> {
  await tx.query('LOCK TABLE recommendation IN ROW EXCLUSIVE MODE');
}

/** Adds answers; those of a merged id to whom it was merged into. One that is there already is not added again. */
export async function addRecommendations(tx: EntityManager, answers: readonly RecommendationEntity[]): Promise<void> {
  await tx.query(
    `INSERT INTO recommendation (user_id, id, first_rank, answered_at, operation, model_version, source, fallback_reason,
                                 item_ids, item_sources, item_rules)
     SELECT COALESCE(m.into_id, n."userId"), n.id, n."firstRank", n."answeredAt", n.operation, n."modelVersion", n.source,
            n."fallbackReason", n."itemIds", n."itemSources", n."itemRules"
       FROM jsonb_to_recordset($1::jsonb) AS n("userId" text, id uuid, "firstRank" integer, "answeredAt" timestamptz, operation text,
              "modelVersion" integer, source text, "fallbackReason" text, "itemIds" text[], "itemSources" text[], "itemRules" jsonb)
       LEFT JOIN user_merge m ON m.from_id = n."userId"
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(answers)],
  );
}

/** All answers to a user, the newest first. */
export async function listRecommendations(
  tx: EntityManager,
  userId: string,
): Promise<readonly Omit<RecommendationEntity, 'userId'>[]> {
  return tx.query(
    `SELECT id, first_rank AS "firstRank", answered_at AS "answeredAt", operation, model_version AS "modelVersion", source,
            fallback_reason AS "fallbackReason", item_ids AS "itemIds", item_sources AS "itemSources", item_rules AS "itemRules"
       FROM recommendation WHERE user_id = $1 ORDER BY answered_at DESC, id, first_rank`,
    [userId],
  );
}

/** How often a user was shown each of these items since a time; those that he was not shown are missing. */
export async function timesShown(
  tx: EntityManager,
  userId: string,
  since: Date,
  itemIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows: { id: string; times: number }[] = await tx.query(
    `SELECT shown.id, count(*)::int AS times
       FROM recommendation r CROSS JOIN LATERAL unnest(r.item_ids) AS shown(id)
      WHERE r.user_id = $1 AND r.answered_at >= $2 AND shown.id = ANY($3::text[]) GROUP BY shown.id`,
    [userId, since, itemIds],
  );
  return new Map(rows.map(({ id, times }) => [id, times]));
}

/** The answers to one user are from now on another's. */
export async function moveRecommendations(tx: EntityManager, from: string, into: string): Promise<void> {
  await tx.query('LOCK TABLE recommendation IN SHARE ROW EXCLUSIVE MODE');
  await tx.query('UPDATE recommendation SET user_id = $2 WHERE user_id = $1', [from, into]);
}

export async function deleteRecommendationsOf(tx: EntityManager, userId: string): Promise<void> {
  await tx.query('LOCK TABLE recommendation IN SHARE ROW EXCLUSIVE MODE');
  await tx.query('DELETE FROM recommendation WHERE user_id = $1', [userId]);
}

/** Deletes at most `count` answers of before a time; returns how many. */
export async function deleteOldRecommendations(tx: EntityManager, before: Date, count: number): Promise<number> {
  const [, deleted] = await tx.query<[unknown, number]>(
    `DELETE FROM recommendation r USING (
       SELECT user_id, id, first_rank FROM recommendation WHERE answered_at < $1 ORDER BY answered_at LIMIT $2 FOR UPDATE SKIP LOCKED) o
      WHERE (r.user_id, r.id, r.first_rank) = (o.user_id, o.id, o.first_rank)`,
    [before, count],
  );
  return deleted;
}
