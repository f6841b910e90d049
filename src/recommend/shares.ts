/** Shares of a memory, summed by what they are of. */

export interface ItemShare {
  readonly itemId: string;
  readonly share: number;
}

export interface CategoryShare {
  readonly category: string;
  readonly share: number;
}

export function sumBy(parts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, part] of parts) sums.set(name, (sums.get(name) ?? 0) + part);
  return sums;
}

/** The largest first. */
export function top(sums: ReadonlyMap<string, number>, count: number): readonly (readonly [string, number])[] {
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, count);
}

/** An item of several categories gives each a part; undefined: one that has left the catalogue. */
export function sharesOfCategories(
  categories: readonly string[] | undefined,
  share: number,
): readonly (readonly [string, number])[] {
  return categories?.map((category) => [category, share / categories.length]) ?? [];
}
