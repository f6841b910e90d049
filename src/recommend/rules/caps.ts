/** How many placed items have a category, or a value of a property, in common. */
import type { ItemRow } from '../../storage/item-read.store.js';
import type { Cap } from './rules.js';

export class CapCounts {
  private readonly counts: readonly Map<unknown, number>[];

  constructor(private readonly caps: readonly Cap[]) {
    this.counts = caps.map(() => new Map());
  }

  /** The cap that lets no more such items pass; null: none. An item without the property is like no other. */
  nameOfFull(item: ItemRow): string | null {
    const full = this.caps.find((cap, index) =>
      valuesOf(item, cap).some((value) => (this.counts[index]?.get(value) ?? 0) >= cap.most),
    );
    return full?.name ?? null;
  }

  count(item: ItemRow): void {
    for (const [index, cap] of this.caps.entries()) {
      const counts = this.counts[index];
      for (const value of valuesOf(item, cap)) counts?.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
}

/** Each once. */
function valuesOf({ categories, properties }: ItemRow, { property }: Cap): readonly unknown[] {
  if (property === null) return [...new Set(categories)];
  const value = Object.hasOwn(properties, property) ? properties[property] : null;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(values)].filter((one) => one !== null && typeof one !== 'object');
}
