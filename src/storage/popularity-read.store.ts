/** Popularity out of the daily counts. */
import type { EntityManager } from 'typeorm';

export interface PopularItem {
  readonly itemId: string;
  /** the items' counts in the window, each times the weight of its kind */
  readonly score: number;
}

/** The items with the highest weighted counts in the last `windowDays` days (UTC, today included), or of all time; `among`: of these alone. */
export async function popularItems(
  tx: EntityManager,
  weights: ReadonlyMap<string, number>,
  windowDays: number | null,
  count: number,
  among: readonly string[] | null = null,
): Promise<readonly PopularItem[]> {
  return tx.query<PopularItem[]>(
    `SELECT c.item_id AS "itemId", sum(c.count * w.weight)::float8 AS score
       FROM item_count c JOIN unnest($1::text[], $2::float8[]) AS w(kind, weight) ON w.kind = c.kind
      WHERE ($3::int IS NULL OR c.day > (now() AT TIME ZONE 'UTC')::date - $3::int)
        AND ($5::text[] IS NULL OR c.item_id = ANY($5))
      GROUP BY c.item_id ORDER BY score DESC, c.item_id LIMIT $4`,
    [[...weights.keys()], [...weights.values()], windowDays, count, among],
  );
}
