/** SQL that changes what the log has, for memory control alone: else the log only grows. */
import type { EntityManager } from 'typeorm';
import type { Counted } from './item-count.store.js';

/** Which interactions of a user: those that fit all that is given; null: not asked for. */
export interface InteractionSelection {
  readonly ids: readonly string[] | null;
  readonly itemIds: readonly string[] | null;
  readonly kinds: readonly string[] | null;
  /** from this time on */
  readonly from: Date | null;
  /** before this time */
  readonly until: Date | null;
}

export interface RemovedInteraction extends Counted {
  readonly id: string;
}

export async function deleteInteractions(
  tx: EntityManager,
  userId: string,
  { ids, itemIds, kinds, from, until }: InteractionSelection,
): Promise<readonly RemovedInteraction[]> {
  const [rows] = await tx.query<[RemovedInteraction[], number]>(
    `DELETE FROM interaction
      WHERE user_id = $1 AND ($2::text[] IS NULL OR id = ANY($2)) AND ($3::text[] IS NULL OR item_id = ANY($3))
        AND ($4::text[] IS NULL OR kind = ANY($4))
        AND ($5::timestamptz IS NULL OR occurred_at >= $5) AND ($6::timestamptz IS NULL OR occurred_at < $6)
     RETURNING id, item_id AS "itemId", kind, (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAt"`,
    [userId, ids, itemIds, kinds, from, until],
  );
  return rows;
}

/** Leaves the user's log out of memories and trainings from now on; returns how many interactions that changed. */
export async function unremember(tx: EntityManager, userId: string): Promise<number> {
  const [, count] = await tx.query<[unknown, number]>(
    'UPDATE interaction SET remembered = false WHERE user_id = $1 AND remembered',
    [userId],
  );
  return count;
}
