/** The categories of many items without their rows: those of the catalogue in memory as they were at its last look, others from Postgres. */
import type { EntityManager } from 'typeorm';
import { loadItems } from '../storage/item-read.store.js';
import type { Columns } from './filter/columns.js';

/** Of items that are not deleted. */
export async function categoriesOf(
  tx: EntityManager,
  columns: Columns,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const known = new Map<string, readonly string[]>();
  const hidden: string[] = [];
  for (const id of ids) {
    const categories = columns.categoriesOf(id);
    if (categories === null) hidden.push(id);
    else known.set(id, categories);
  }
  const rows = hidden.length === 0 ? [] : await loadItems(tx, hidden);
  for (const { id, categories } of rows) known.set(id, categories);
  return known;
}
