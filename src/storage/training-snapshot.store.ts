/** SQL that reads the log and the items' categories for a training. */
import type { EntityManager } from 'typeorm';

export interface LogRow {
  readonly user_id: string;
  readonly item_id: string;
  readonly kind: string;
  readonly value: number | null;
  readonly occurred_at: Date;
  readonly arrival: string;
}

/**
 * What is remembered of the log up to the cut, user by user, each in the order (occurred_at, arrival), in pages: each page begins behind the last
 * row of the page before, which the index `interaction_sequence` answers without sorting.
 */
export async function* readLog(tx: EntityManager, cut: bigint, pageCount: number): AsyncGenerator<readonly LogRow[]> {
  let last: LogRow | undefined;
  do {
    const page: LogRow[] = await tx.query(
      `SELECT user_id, item_id, kind, value, occurred_at, arrival FROM interaction
       WHERE arrival <= $1 AND remembered ${last === undefined ? '' : 'AND (user_id, occurred_at, arrival) > ($3, $4, $5)'}
       ORDER BY user_id, occurred_at, arrival LIMIT $2`,
      [cut.toString(), pageCount, ...(last === undefined ? [] : [last.user_id, last.occurred_at, last.arrival])],
    );
    if (page.length > 0) yield page;
    last = page.length < pageCount ? undefined : page.at(-1);
  } while (last !== undefined);
}

export async function readCategories(
  tx: EntityManager,
  itemIds: readonly string[],
): Promise<readonly { readonly id: string; readonly categories: readonly string[] }[]> {
  return tx.query('SELECT id, categories FROM item WHERE id = ANY($1)', [itemIds]);
}
