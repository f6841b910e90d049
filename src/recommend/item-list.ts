/** The catalogue as a list: the items that may be answered, the newest first, page by page. */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { latestItems, loadServable, type ItemRow, type LatestCursor } from '../storage/item-read.store.js';
import { Catalogue } from './catalogue.js';
import type { ItemFilter } from './filter/item-filter.js';
import { wantAll } from './selection.js';

@Injectable()
export class ItemList {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: Catalogue,
  ) {}

  /** Places come from Postgres, or of a filter from the catalogue in memory; the rows are what Postgres has now. */
  async newest(filter: ItemFilter | null, count: number, after: LatestCursor | null): Promise<readonly ItemRow[]> {
    const tx = this.dataSource.manager;
    const { held } = this.catalogue;
    const selection = held.selectionOf({ ...wantAll, filter });
    const items: ItemRow[] = [];
    for (let behind = after; items.length < count;) {
      const wanted = count - items.length;
      const places = selection.isOpen ? await latestItems(tx, wanted, behind) : held.latest(selection, wanted, behind);
      const rows = new Map(
        (
          await loadServable(
            tx,
            places.map(({ id }) => id),
          )
        ).map((row) => [row.id, row]),
      );
      items.push(...places.flatMap(({ id }) => rows.get(id) ?? []).filter(selection.letsRow));
      behind = places.at(-1) ?? null;
      if (places.length < wanted) break;
    }
    return items;
  }
}
