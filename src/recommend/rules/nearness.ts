/** How alike two items are: the cosine of their vectors in the live model, at least 0; without vectors the categories that they share. */
import type { ItemRow } from '../../storage/item-read.store.js';
import type { Nearness } from './arrange.js';

export function nearnessBy(vectorOf: (itemId: string) => Float32Array | null): Nearness {
  const directions = new Map<string, Float32Array | null>();
  const directionOf = ({ id }: ItemRow): Float32Array | null => {
    const known = directions.get(id);
    if (known !== undefined) return known;
    const vector = vectorOf(id);
    const length = vector === null ? 0 : Math.hypot(...vector);
    const direction = vector === null || length === 0 ? null : vector.map((number) => number / length);
    directions.set(id, direction);
    return direction;
  };
  return (a, b) => {
    const [x, y] = [directionOf(a), directionOf(b)];
    if (x === null || y === null) return sharedCategories(a, b);
    return Math.max(
      0,
      x.reduce((sum, number, index) => sum + number * (y[index] ?? 0), 0),
    );
  };
}

/** Jaccard's: those of both by those of either; 0 where neither has any. */
function sharedCategories(a: ItemRow, b: ItemRow): number {
  const [of, other] = [new Set(a.categories), new Set(b.categories)];
  const either = new Set([...of, ...other]).size;
  return either === 0 ? 0 : (of.size + other.size - either) / either;
}
