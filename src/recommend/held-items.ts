/**
 * The items that may be answered: until when, and what filters ask of them, by index. What is hidden, expired for good or deleted leaves.
 */
import type { ItemChange, LatestCursor } from '../storage/item-read.store.js';
import { Columns } from './filter/columns.js';
import type { ItemFilter } from './filter/item-filter.js';
import { longer } from './filter/property-column.js';
import type { Boost } from './rules/rules.js';
import { both, KeptFilters, selectionOf, wantAll, type Selection, type Wanted } from './selection.js';

export class HeldItems {
  readonly columns = new Columns();
  private readonly filters = new KeptFilters(this.columns);
  /** by index, milliseconds since 1970; what is not in it does not expire */
  private expiries = new Float64Array(0);

  selectionOf(wanted: Wanted): Selection {
    return selectionOf(wanted, this.columns, this.filters);
  }

  /** What a selection lets pass of the items of a filter. */
  narrowed(selection: Selection, { filter }: { readonly filter: ItemFilter }): Selection {
    return both(selection, this.selectionOf({ ...wantAll, filter }));
  }

  /** What boosts add to the score of an item, by its index; null: nothing to any. */
  shiftBy(boosts: readonly Boost[]): ((index: number) => number) | null {
    if (boosts.length === 0) return null;
    const parts = boosts.map(({ filter, factor }) => ({ lets: this.filters.of(filter).lets, added: Math.log(factor) }));
    return (index) => parts.reduce((sum, { lets, added }) => (index >= 0 && lets(index) ? sum + added : sum), 0);
  }

  /** Milliseconds since 1970; -Infinity: there is no such item, or it may not be answered. */
  untilAt(index: number): number {
    return this.columns.has(index) ? (this.expiries[index] ?? Infinity) : -Infinity;
  }

  untilOf(id: string): number {
    return this.untilAt(this.columns.indexOf(id) ?? -1);
  }

  /** Takes an item as it is now; one that may not be answered leaves. */
  apply(change: ItemChange): void {
    const until = untilOf(change);
    const index = until === -Infinity ? this.columns.remove(change.id) : this.columns.put(change);
    if (index === undefined) return;
    if (until < Infinity && index >= this.expiries.length) {
      const room = new Float64Array(Math.ceil(1.25 * (index + 512))).fill(Infinity);
      this.expiries = longer(this.expiries, room);
    }
    if (index < this.expiries.length) this.expiries[index] = until;
    this.filters.forget(index);
  }

  /** Ids of those that a selection lets pass, at most so many. */
  idsOf(selection: Selection, most: number): readonly string[] {
    const ids: string[] = [];
    for (let index = 0; index < this.columns.end && ids.length < most; index++) {
      if (this.untilAt(index) > -Infinity && selection.lets(index)) ids.push(this.columns.idOf(index));
    }
    return ids;
  }

  /** Those that a selection lets pass, the newest first, of equal times the larger id first; behind `after`. */
  latest(selection: Selection, count: number, after: LatestCursor | null): readonly LatestCursor[] {
    const { columns } = this;
    const now = Date.now();
    const newestOf = (places: readonly LatestCursor[]): LatestCursor[] =>
      places.toSorted((a, b) => (isBehind(a, b) ? 1 : -1)).slice(0, count);
    let found: LatestCursor[] = [];
    let oldest = -Infinity; // what is older has no place any more
    const newest = after?.createdAt.getTime() ?? Infinity;
    for (let index = columns.end - 1; index >= 0; index--) {
      const createdAt = columns.createdAtOf(index);
      if (createdAt < oldest || createdAt > newest) continue;
      if (this.untilAt(index) <= now || !selection.lets(index)) continue;
      const place = { id: columns.idOf(index), createdAt: new Date(createdAt) };
      if (after !== null && !isBehind(place, after)) continue;
      if (found.push(place) < 2 * count + 1_000) continue;
      found = newestOf(found);
      oldest = found.at(-1)?.createdAt.getTime() ?? oldest;
    }
    return newestOf(found);
  }
}

function isBehind(place: LatestCursor, other: LatestCursor): boolean {
  const [time, otherTime] = [place.createdAt.getTime(), other.createdAt.getTime()];
  return time === otherTime ? place.id < other.id : time < otherTime;
}

function untilOf({ available, deletedAt, expiresAt }: ItemChange): number {
  if (!available || deletedAt !== null) return -Infinity;
  return expiresAt?.getTime() ?? Infinity;
}
