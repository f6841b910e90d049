/** From the order by score to the places of an answer: rank by rank a pin, a promoted item that is due, or the best that the caps let pass. */
import type { ItemRow } from '../../storage/item-read.store.js';
import { compile, rowReader } from '../filter/item-filter.js';
import { CapCounts } from './caps.js';
import type { Ordered } from './order.js';
import type { Rules } from './rules.js';

/** Nearness of two items, 0..1. */
export type Nearness = (a: ItemRow, b: ItemRow) => number;

/**
 * The first `first` places; fewer where the caps let no more pass. `pinned`: the pinned items that may be answered, by their ids; they
 * need not be in `ordered`. A pin below the end of the answer moves up to it.
 */
export function arrange(
  ordered: readonly Ordered[],
  pinned: ReadonlyMap<string, Ordered>,
  rules: Pick<Rules, 'pins' | 'promoted' | 'caps' | 'diversity'>,
  first: number,
  nearness: Nearness,
): readonly Ordered[] {
  const pins = rules.pins.filter(({ itemId, rank }) => rank <= first && pinned.has(itemId));
  const pinnedIds = new Set(pins.map(({ itemId }) => itemId));
  const free = ordered.filter(({ item }) => !pinnedIds.has(item.id));
  const waiting = new Waiting(free, rules.diversity?.weight ?? 0, nearness);
  const caps = new CapCounts(rules.caps);
  const { promoted, diversity } = rules;
  const isPromoted = promoted === null ? () => false : compile(promoted.filter, rowReader);
  let promotedCount = 0;
  const places: Ordered[] = [];
  const put = (one: Ordered, ...names: readonly string[]): void => {
    caps.count(one.item);
    waiting.standsAbove(one.item);
    if (isPromoted(one.item)) promotedCount++;
    places.push({ ...one, rules: [...one.rules, ...names] });
  };
  for (let rank = 1; rank <= first; rank++) {
    const pin = pins.find((one) => one.rank === rank);
    const pinnedItem = pin && pinned.get(pin.itemId);
    if (pin !== undefined && pinnedItem !== undefined) {
      put(pinnedItem, pin.name);
      continue;
    }
    const isDue = promoted !== null && promotedCount < Math.floor(promoted.share * rank + rounding);
    waiting.bar((item) => caps.nameOfFull(item));
    const due = isDue ? waiting.take(isPromoted) : null;
    const next = due ?? waiting.take(() => true);
    if (next === null) continue;
    const moved = due !== null ? promoted?.name : next.isAhead ? diversity?.name : undefined;
    put(next.one, ...next.passed, ...(moved === undefined ? [] : [moved]));
  }
  return places;
}

/** .3 x 10 is a little less than 3 in floating point. */
const rounding = 1e-9;

interface Waiter {
  readonly one: Ordered;
  readonly place: number;
  readonly relevance: number;
  /** to the nearest of what is placed */
  nearest: number;
}

interface Taken {
  readonly one: Ordered;
  /** it passes one that may be taken too and stands before it in the order */
  readonly isAhead: boolean;
  /** the rules that barred what stood before it, where nothing else took its place yet */
  readonly passed: readonly string[];
}

/** What is not placed yet, in its order. */
class Waiting {
  private waiters: Waiter[];
  private barred: { readonly place: number; readonly name: string }[] = [];

  constructor(
    ordered: readonly Ordered[],
    private readonly weight: number,
    private readonly nearness: Nearness,
  ) {
    this.waiters = ordered.map((one, place) => ({ one, place, relevance: 1 - place / ordered.length, nearest: 0 }));
  }

  /** Takes out for good what a rule bars. */
  bar(barredBy: (item: ItemRow) => string | null): void {
    this.waiters = this.waiters.filter(({ one, place }) => {
      const name = barredBy(one.item);
      if (name !== null) this.barred.push({ place, name });
      return name === null;
    });
  }

  /** The one worth most of those that match. */
  take(matches: (item: ItemRow) => boolean): Taken | null {
    const matching = this.waiters.filter(({ one }) => matches(one.item));
    const [head] = matching;
    if (head === undefined) return null;
    const best = matching.reduce((most, one) => (this.worth(one) > this.worth(most) ? one : most), head);
    this.waiters = this.waiters.filter((one) => one !== best);
    const passed = this.barred.filter(({ place }) => place < best.place).map(({ name }) => name);
    this.barred = this.barred.filter(({ place }) => place > best.place);
    return { one: best.one, isAhead: best !== head, passed: [...new Set(passed)] };
  }

  /** What is near to a placed item is worth less from now on. */
  standsAbove(item: ItemRow): void {
    if (this.weight === 0) return;
    for (const one of this.waiters) one.nearest = Math.max(one.nearest, this.nearness(one.one.item, item));
  }

  private worth({ relevance, nearest }: Waiter): number {
    return (1 - this.weight) * relevance - this.weight * nearest;
  }
}
