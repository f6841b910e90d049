/** SQL of the daily counts. Rows are locked in the order of their key, so that two writers wait for each other and don't deadlock. */
import type { EntityManager } from 'typeorm';
import { dayArray, textArray } from './binary-array.js';

/** An interaction as the counts see it. */
export interface Counted {
  readonly itemId: string;
  readonly kind: string;
  /** milliseconds since 1970 */
  readonly occurredAt: number;
}

/** Adds each interaction to the count of its item, kind and day (UTC). */
export async function addItemCounts(tx: EntityManager, interactions: readonly Counted[]): Promise<void> {
  await count(tx, interactions, '+');
}

/** Takes each interaction off the count that it was added to. */
export async function removeItemCounts(tx: EntityManager, interactions: readonly Counted[]): Promise<void> {
  await count(tx, interactions, '-');
  await tx.query(
    `DELETE FROM item_count c USING (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::date[])) AS n(item_id, kind, day)
      WHERE c.item_id = n.item_id AND c.kind = n.kind AND c.day = n.day AND c.count <= 0`,
    columnsOf(interactions),
  );
}

async function count(tx: EntityManager, interactions: readonly Counted[], sign: '+' | '-'): Promise<void> {
  if (interactions.length === 0) return;
  await tx.query(
    `INSERT INTO item_count AS c (item_id, kind, day, count)
     SELECT item_id, kind, day, ${sign}count(*) FROM unnest($1::text[], $2::text[], $3::date[]) AS n(item_id, kind, day)
      GROUP BY item_id, kind, day ORDER BY item_id, kind, day
     ON CONFLICT (item_id, kind, day) DO UPDATE SET count = c.count + excluded.count`,
    columnsOf(interactions),
  );
}

function columnsOf(interactions: readonly Counted[]): readonly Buffer[] {
  return [
    textArray(interactions.map(({ itemId }) => itemId)),
    textArray(interactions.map(({ kind }) => kind)),
    dayArray(interactions.map(({ occurredAt }) => occurredAt)),
  ];
}
