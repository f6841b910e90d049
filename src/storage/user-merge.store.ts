/** SQL of joined histories. */
import type { EntityManager } from 'typeorm';
import { textArray } from './binary-array.js';
import type { RemovedInteraction } from './interaction-edit.store.js';
import { moveRecommendations } from './recommendation.store.js';
import { deletePins } from './slot-pin.store.js';

/** Of those of these ids that were merged: into whom. */
export async function mergesOf(tx: EntityManager, userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ from: string; into: string }[]>(
    'SELECT from_id AS "from", into_id AS "into" FROM user_merge WHERE from_id = ANY($1::text[])',
    [textArray(userIds)],
  );
  return new Map(rows.map(({ from, into }) => [from, into]));
}

export async function isAnyoneMerged(tx: EntityManager): Promise<boolean> {
  const rows: unknown[] = await tx.query('SELECT FROM user_merge LIMIT 1');
  return rows.length > 0;
}

/** The ids that were merged into a user. */
export async function mergedInto(tx: EntityManager, userId: string): Promise<readonly string[]> {
  const rows = await tx.query<{ from: string }[]>(
    'SELECT from_id AS "from" FROM user_merge WHERE into_id = $1 ORDER BY from_id',
    [userId],
  );
  return rows.map(({ from }) => from);
}

export async function deleteMergesInto(tx: EntityManager, userId: string): Promise<void> {
  await tx.query('DELETE FROM user_merge WHERE into_id = $1', [userId]);
}

/** Notes a merge, and of those that went to `from` before that they go to `into` too. What was forgotten of `from` is so of `into`. */
export async function putMerge(tx: EntityManager, from: string, into: string): Promise<void> {
  await tx.query('UPDATE user_merge SET into_id = $2 WHERE into_id = $1', [from, into]);
  await tx.query('INSERT INTO user_merge (from_id, into_id) VALUES ($1, $2)', [from, into]);
  await tx.query(
    `INSERT INTO forgotten_interaction (user_id, hash, forgotten_at)
     SELECT $2, hash, forgotten_at FROM forgotten_interaction WHERE user_id = $1 ON CONFLICT DO NOTHING`,
    [from, into],
  );
  await tx.query('DELETE FROM forgotten_interaction WHERE user_id = $1', [from]);
  await tx.query(
    'UPDATE user_profile p SET id = $2 WHERE id = $1 AND NOT EXISTS (SELECT FROM user_profile WHERE id = $2)',
    [from, into],
  );
  await tx.query('DELETE FROM user_profile WHERE id = $1', [from]);
  await deletePins(tx, from); // of slots of a memory that is gone
  await moveRecommendations(tx, from, into);
}

export interface MovedInteractions {
  readonly count: number;
  /** those that `into` had already, word for word */
  readonly dropped: readonly RemovedInteraction[];
}

/** Moves a log into another one. Of an id that both have with other content the moved one gets a new id, made of both of its own. */
export async function moveInteractions(tx: EntityManager, from: string, into: string): Promise<MovedInteractions> {
  const [dropped] = await tx.query<[RemovedInteraction[], number]>(
    `DELETE FROM interaction f USING interaction i
      WHERE f.user_id = $1 AND i.user_id = $2 AND i.id = f.id
        AND (f.item_id, f.kind, f.occurred_at) = (i.item_id, i.kind, i.occurred_at)
        AND (f.value, f.session_id, f.recommendation_id, f.properties)
            IS NOT DISTINCT FROM (i.value, i.session_id, i.recommendation_id, i.properties)
     RETURNING f.id, f.item_id AS "itemId", f.kind, (extract(epoch FROM f.occurred_at) * 1000)::float8 AS "occurredAt"`,
    [from, into],
  );
  const [, count] = await tx.query<[unknown, number]>(
    `UPDATE interaction f SET user_id = $2,
            id = CASE WHEN EXISTS (SELECT FROM interaction i WHERE i.user_id = $2 AND i.id = f.id)
                      THEN 'merged-' || encode(sha256(convert_to($1 || E'\\n' || f.id, 'UTF8')), 'hex') ELSE f.id END
      WHERE f.user_id = $1`,
    [from, into],
  );
  return { count, dropped };
}
