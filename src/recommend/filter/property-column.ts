/** A property of all items. One that few have is held item by item, others as a number for each index; a lone number lies as it is. */
import { Dictionary } from './dictionary.js';
import type { Scalar } from './item-filter.js';

/** Codes: nothing there; a number, which lies apart; from 2 on what the dictionary holds. */
const absent = 0;
const numeric = 1;

/** An entry of a map takes about as much as so many indices of the arrays. */
const sparseShare = 1 / 12;
const fewest = 1_024;

export class PropertyColumn {
  private sparse: Map<number, readonly Scalar[]> | null = new Map();
  private codes = new Uint32Array(0);
  private numbers = new Float64Array(0);
  private readonly dictionary = new Dictionary<Scalar>(numeric + 1);

  /** `end`: all indices are below. null: the item does not have it. */
  put(index: number, values: readonly Scalar[] | null, end: number): void {
    if (this.sparse === null) {
      this.putDense(index, values);
      return;
    }
    if (values === null) this.sparse.delete(index);
    else this.sparse.set(index, values);
    if (this.sparse.size <= Math.max(fewest, end * sparseShare)) return;
    const held = this.sparse;
    this.sparse = null;
    for (const [place, of] of held) this.putDense(place, of);
  }

  at(index: number): readonly Scalar[] | null {
    if (this.sparse !== null) return this.sparse.get(index) ?? null;
    const code = this.codes[index] ?? absent;
    if (code === absent) return null;
    return code === numeric ? [this.numbers[index] ?? 0] : this.dictionary.at(code);
  }

  private putDense(index: number, values: readonly Scalar[] | null): void {
    if (index >= this.codes.length) {
      if (values === null) return;
      this.codes = longer(this.codes, new Uint32Array(lengthFor(index)));
    }
    const [only] = values ?? [];
    if (values?.length === 1 && typeof only === 'number') {
      if (index >= this.numbers.length) this.numbers = longer(this.numbers, new Float64Array(lengthFor(index)));
      this.codes[index] = numeric;
      this.numbers[index] = only;
      return;
    }
    if (values !== null) this.dictionary.compact(this.codes);
    this.codes[index] = values === null ? absent : this.dictionary.numberOf(values);
  }
}

/** Room for an index and for as many again. */
export function lengthFor(index: number): number {
  return 2 * Math.max(fewest / 2, index + 1);
}

export function longer<Numbers extends Uint32Array | Float64Array>(numbers: Numbers, room: Numbers): Numbers {
  room.set(numbers);
  return room;
}
