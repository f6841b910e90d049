/** Numbers for lists of texts, numbers and truths of which many items have the same one. */
import type { Scalar } from './item-filter.js';

/** Lists that nobody has any more are dropped once there are so many for each item that is held. */
const mostAnItem = 2;
const fewest = 1_024;

export class Dictionary<Value extends Scalar> {
  private numbers = new Map<string, number>();
  private lists: (readonly Value[])[] = [];

  /** Numbers below `reserved` are not given away. */
  constructor(private readonly reserved: number) {
    this.clear();
  }

  numberOf(values: readonly Value[]): number {
    const key = JSON.stringify(values);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.lists.push([...values]) - 1;
    this.numbers.set(key, number);
    return number;
  }

  at(number: number): readonly Value[] {
    return this.lists[number] ?? [];
  }

  /** Numbers anew what `held` has, where most of the lists are of nobody. */
  compact(held: Uint32Array): void {
    if (this.lists.length < Math.max(fewest, mostAnItem * held.length)) return;
    const before = this.lists;
    this.clear();
    for (const [index, number] of held.entries()) {
      if (number >= this.reserved) held[index] = this.numberOf(before[number] ?? []);
    }
  }

  private clear(): void {
    this.numbers = new Map();
    this.lists = Array.from({ length: this.reserved }, () => []);
  }
}
