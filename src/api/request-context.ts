/** What the resolvers of one request share. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { loadItems, type ItemRow } from '../storage/item-read.store.js';
import { loadUserProfiles, type UserProfileRow } from '../storage/user-profile.store.js';
import type { Caller } from './access.js';

export interface Loaders {
  readonly items: RowLoader<ItemRow>;
  readonly users: RowLoader<UserProfileRow>;
}

export interface RequestContext extends Caller, Loaders {
  readonly requestId: string;
}

export function loadersOf({ manager }: DataSource): Loaders {
  return {
    items: new RowLoader(async (ids) => loadItems(manager, ids)),
    users: new RowLoader(async (ids) => loadUserProfiles(manager, ids)),
  };
}

/** Loads the rows that the fields of one request ask for by one statement for each level of the selection. */
export class RowLoader<Row extends { readonly id: string }> {
  private waiting = new Set<string>();
  private batch: Promise<ReadonlyMap<string, Row>> | null = null;

  constructor(private readonly rowsOf: (ids: readonly string[]) => Promise<readonly Row[]>) {}

  /** Null: no row has the id. */
  async load(id: string): Promise<Row | null> {
    this.waiting.add(id);
    this.batch ??= this.loadWaiting();
    return (await this.batch).get(id) ?? null;
  }

  private async loadWaiting(): Promise<ReadonlyMap<string, Row>> {
    await nextTurn(); // the fields beside this one have asked by then
    const ids = [...this.waiting];
    this.waiting = new Set();
    this.batch = null;
    return new Map((await this.rowsOf(ids)).map((row) => [row.id, row]));
  }
}
