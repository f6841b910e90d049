/**
 * What one who asks lets into the answer: a filter, and a list of items that he does not want. It is applied to the catalogue in memory
 * before the best are chosen, and once more to the rows of the answer as Postgres has them, so that an item that has just left the
 * filter is not answered.
 */
import type { ItemRow } from '../storage/item-read.store.js';
import type { Columns } from './filter/columns.js';
import { compile, rowReader, type ItemFilter, type Test } from './filter/item-filter.js';

export interface Wanted {
  /** null: every item */
  readonly filter: ItemFilter | null;
  readonly blocked: ReadonlySet<string>;
}

export const wantAll: Wanted = { filter: null, blocked: new Set() };

export interface Selection {
  /** of an item by its index in the columns */
  readonly lets: (index: number) => boolean;
  /** of an item by its id; one that the columns do not have yet is let through to its row */
  readonly letsId: (id: string) => boolean;
  readonly letsRow: (item: ItemRow) => boolean;
  readonly isBlocked: (id: string) => boolean;
  /** whether it lets all items pass, whatever they are */
  readonly isOpen: boolean;
  /** whether there is an item that it keeps out; looks at all of them */
  readonly keepsOut: () => boolean;
}

/** One filter on the columns. What it says of each index is kept, so that the same filter asked often is a look at one byte. */
export class KeptFilter {
  readonly onRow: Test<ItemRow>;
  private readonly onColumns: Test<number>;
  /** by index: 0 not asked yet, else 1 + whether it passes */
  private said: Uint8Array;

  constructor(filter: ItemFilter, columns: Columns) {
    this.onRow = compile(filter, rowReader);
    this.onColumns = compile(filter, columns);
    this.said = new Uint8Array(columns.end);
  }

  readonly lets = (index: number): boolean => {
    const said = this.said[index];
    if (said === undefined) return this.onColumns(index); // newer than what is kept has room for
    if (said > 0) return said === 2;
    const passes = this.onColumns(index);
    this.said[index] = passes ? 2 : 1;
    return passes;
  };

  /** The item at this index is another one, or changed. */
  forget(index: number): void {
    if (index < this.said.length) this.said[index] = 0;
    else this.said = extended(this.said, 2 * (index + 1));
  }
}

/** Filters that are kept: as many as a shop has pages that differ. */
const kept = 64;

export class KeptFilters {
  private readonly filters = new Map<string, KeptFilter>();

  constructor(private readonly columns: Columns) {}

  of(filter: ItemFilter): KeptFilter {
    const name = JSON.stringify(filter);
    const known = this.filters.get(name) ?? new KeptFilter(filter, this.columns);
    this.filters.delete(name);
    this.filters.set(name, known); //                            the last one used is the last to go
    for (const oldest of this.filters.keys()) {
      if (this.filters.size <= kept) break;
      this.filters.delete(oldest);
    }
    return known;
  }

  forget(index: number): void {
    for (const filter of this.filters.values()) filter.forget(index);
  }
}

export function selectionOf({ filter, blocked }: Wanted, columns: Columns, filters: KeptFilters): Selection {
  const chosen = filter === null ? null : filters.of(filter);
  const blockedIndices = new Set(Array.from(blocked, (id) => columns.indexOf(id) ?? -1));
  const lets = (index: number): boolean => (chosen?.lets(index) ?? true) && !blockedIndices.has(index);
  return {
    lets,
    letsId: (id) => {
      const index = columns.indexOf(id);
      return !blocked.has(id) && (index === undefined || lets(index));
    },
    letsRow: (item) => (chosen?.onRow(item) ?? true) && !blocked.has(item.id),
    isBlocked: (id) => blocked.has(id),
    isOpen: chosen === null && blocked.size === 0,
    keepsOut: () => (chosen !== null || blocked.size > 0) && columns.some((index) => !lets(index)),
  };
}

function extended(bytes: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

/** What both let pass. */
export function both(one: Selection, other: Selection): Selection {
  return {
    lets: (index) => one.lets(index) && other.lets(index),
    letsId: (id) => one.letsId(id) && other.letsId(id),
    letsRow: (item) => one.letsRow(item) && other.letsRow(item),
    isBlocked: (id) => one.isBlocked(id) || other.isBlocked(id),
    isOpen: one.isOpen && other.isOpen,
    keepsOut: () => one.keepsOut() || other.keepsOut(),
  };
}
