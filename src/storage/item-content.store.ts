/** SQL that reads what items are: for the training, and for placing those that it never saw. */
import type { EntityManager } from 'typeorm';

export interface ItemContentRow {
  readonly id: string;
  readonly categories: readonly string[];
  /** title and, where its properties have one, `description` */
  readonly text: string;
  readonly vector: readonly number[] | null;
}

/** Of items that are not deleted, whatever their state; ids that are unknown have no row. */
export async function readItemContent(
  tx: EntityManager,
  itemIds: readonly string[],
): Promise<readonly ItemContentRow[]> {
  return tx.query<ItemContentRow[]>(
    `SELECT id, categories, vector,
            concat_ws(' ', title, CASE WHEN jsonb_typeof(properties -> 'description') = 'string'
                                       THEN properties ->> 'description' END) AS text
       FROM item WHERE id = ANY($1::text[]) AND deleted_at IS NULL`,
    [itemIds],
  );
}
