/**
 * A property of all items, as filters ask of it: of each item that has it a kind and a number, which is the value itself or stands for it;
 * the entries of lists lie in one array behind each other. Nine bytes an item, whatever its texts are.
 *
 * A property that few items have is held for these alone, by a map; it costs more an item, and nothing for the others.
 */
import { all, within, type Scalar, type ScalarCondition } from './item-filter.js';
import { keyOfText } from './text-key.js';

/** What a number is: nothing; itself; the key of a text; 0 or 1; where a list begins, and how many entries it has. */
const absent = 0;
const number = 1;
const text = 2;
const truth = 3;
const list = 4;

/** A list's place is its beginning times this, and its length. */
const lengths = 2 ** 14;
/** An entry of a map takes about as much as so many places of the arrays. */
const sparseShare = 1 / 12;
const fewest = 1_024;

type Entry = (kind: number, value: number) => boolean;

export class PropertyColumn {
  /** of the few items that have it their places; null: each item's place is its index */
  private places: Map<number, number> | null = new Map();
  private free: number[] = [];
  private kinds = new Uint8Array(0);
  private numbers = new Float64Array(0);
  private entryKinds = new Uint8Array(0);
  private entries = new Float64Array(0);
  private entryCount = 0;
  /** entries of lists that are gone */
  private unused = 0;

  /** `end`: all indices are below. null: the item does not have it. */
  put(index: number, values: readonly Scalar[] | null, end: number): void {
    const known = this.placeOf(index);
    if (this.kinds[known] === list) this.unused += (this.numbers[known] ?? 0) % lengths;
    if (values === null) {
      this.leave(index, known);
      return;
    }
    const place = this.takePlace(index, known, end);
    const [only] = values;
    const isList = values.length !== 1 || only === undefined;
    this.kinds[place] = absent; //                              while entries may be moved
    this.numbers[place] = isList ? this.addEntries(values) : keyOf(only);
    this.kinds[place] = isList ? list : kindOf(only);
  }

  /** Of an item by its index. */
  test({ eq, in: some, range, exists }: ScalarCondition): (index: number) => boolean {
    const asked: Entry[] = [];
    if (eq !== undefined) asked.push(oneOf([eq]));
    if (some !== undefined) asked.push(oneOf(some));
    if (range !== undefined) {
      const isWithin = within(range);
      asked.push((kind, value) => kind === number && isWithin(value));
    }
    const fits = all(asked.map((entry) => (place: number) => this.hasEntry(place, entry)));
    return (index) => {
      const place = this.placeOf(index);
      return (exists === undefined || ((this.kinds[place] ?? absent) !== absent) === exists) && fits(place);
    };
  }

  private hasEntry(place: number, fits: Entry): boolean {
    const kind = this.kinds[place] ?? absent;
    const value = this.numbers[place] ?? 0;
    if (kind !== list) return kind !== absent && fits(kind, value);
    const begin = Math.floor(value / lengths);
    for (let at = begin; at < begin + (value % lengths); at++) {
      if (fits(this.entryKinds[at] ?? absent, this.entries[at] ?? 0)) return true;
    }
    return false;
  }

  /** -1: it has none. */
  private placeOf(index: number): number {
    return this.places === null ? index : (this.places.get(index) ?? -1);
  }

  private leave(index: number, place: number): void {
    if (place < 0 || place >= this.kinds.length) return;
    this.kinds[place] = absent;
    if (this.places?.delete(index) === true) this.free.push(place);
  }

  private takePlace(index: number, known: number, end: number): number {
    if (this.places !== null && known < 0 && this.places.size >= Math.max(fewest, end * sparseShare)) this.spread();
    const place = this.places === null ? index : known >= 0 ? known : (this.free.pop() ?? this.places.size);
    this.places?.set(index, place);
    if (place >= this.kinds.length) {
      this.kinds = longer(this.kinds, new Uint8Array(lengthFor(place)));
      this.numbers = longer(this.numbers, new Float64Array(lengthFor(place)));
    }
    return place;
  }

  /** From now on each item's place is its index. */
  private spread(): void {
    const { kinds, numbers, places } = this;
    let last = 0;
    for (const index of places?.keys() ?? []) last = Math.max(last, index);
    this.kinds = new Uint8Array(lengthFor(last));
    this.numbers = new Float64Array(lengthFor(last));
    for (const [index, place] of places ?? []) {
      this.kinds[index] = kinds[place] ?? absent;
      this.numbers[index] = numbers[place] ?? 0;
    }
    this.places = null;
    this.free = [];
  }

  /** Returns where they lie. */
  private addEntries(values: readonly Scalar[]): number {
    if (this.entryCount + values.length > this.entries.length) this.makeRoom(values.length);
    const begin = this.entryCount;
    for (const value of values) {
      this.entryKinds[this.entryCount] = kindOf(value);
      this.entries[this.entryCount] = keyOf(value);
      this.entryCount += 1;
    }
    return begin * lengths + values.length;
  }

  /** Without the entries of lists that are gone. */
  private makeRoom(more: number): void {
    const { entryKinds, entries } = this;
    const length = lengthFor(this.entryCount - this.unused + more);
    this.entryKinds = new Uint8Array(length);
    this.entries = new Float64Array(length);
    this.entryCount = 0;
    this.unused = 0;
    for (const [place, kind] of this.kinds.entries()) {
      if (kind !== list) continue;
      const value = this.numbers[place] ?? 0;
      const begin = Math.floor(value / lengths);
      const end = begin + (value % lengths);
      this.numbers[place] = this.entryCount * lengths + (end - begin);
      this.entryKinds.set(entryKinds.subarray(begin, end), this.entryCount);
      this.entries.set(entries.subarray(begin, end), this.entryCount);
      this.entryCount += end - begin;
    }
  }
}

function oneOf(values: readonly Scalar[]): Entry {
  const keys = [number, text, truth].map(
    (kind) => new Set(values.filter((value) => kindOf(value) === kind).map(keyOf)),
  );
  return (kind, value) => keys[kind - 1]?.has(value) ?? false;
}

function kindOf(value: Scalar): number {
  return typeof value === 'number' ? number : typeof value === 'string' ? text : truth;
}

function keyOf(value: Scalar): number {
  return typeof value === 'string' ? keyOfText(value) : Number(value);
}

/** Room for a place and for as many again. */
export function lengthFor(place: number): number {
  return 2 * Math.max(fewest / 2, place + 1);
}

export function longer<Numbers extends Uint8Array | Uint32Array | Float64Array>(
  numbers: Numbers,
  room: Numbers,
): Numbers {
  room.set(numbers);
  return room;
}
