/** What the resolvers of one request share. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { loadItems, type ItemRow } from '../storage/item-read.store.js';
import type { Caller } from './access.js';

export interface RequestContext extends Caller {
  readonly requestId: string;
  readonly items: ItemLoader;
}

/** Loads the items that the fields of one request ask for by one statement for each level of the selection. */
export class ItemLoader {
  private waiting = new Set<string>();
  private batch: Promise<ReadonlyMap<string, ItemRow>> | null = null;

  constructor(private readonly dataSource: DataSource) {}

  /** Null: the item is unknown or was deleted. */
  async load(itemId: string): Promise<ItemRow | null> {
    this.waiting.add(itemId);
    this.batch ??= this.loadWaiting();
    return (await this.batch).get(itemId) ?? null;
  }

  private async loadWaiting(): Promise<ReadonlyMap<string, ItemRow>> {
    await nextTurn(); // the fields beside this one have asked by then
    const ids = [...this.waiting];
    this.waiting = new Set();
    this.batch = null;
    return new Map((await loadItems(this.dataSource.manager, ids)).map((item) => [item.id, item]));
  }
}
