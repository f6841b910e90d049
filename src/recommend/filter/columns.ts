/**
 * What filters ask of the items, as columns: each item has an index, which another takes over once it is gone. Lists of texts lie in
 * dictionaries, so that a million items of a shop take some tens of megabytes.
 */
import { Dictionary } from './dictionary.js';
import {
  categoryTest,
  scalarTest,
  type CategoryCondition,
  type Reader,
  type ScalarCondition,
  type Test,
} from './item-filter.js';
import { lengthFor, longer, PropertyColumn } from './property-column.js';
import { keyOfPath, scalarsByPath, type PropertyPath } from './property-path.js';

export interface FilteredItem {
  readonly id: string;
  readonly categories: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

export class Columns implements Reader<number> {
  private readonly indices = new Map<string, number>();
  private readonly ids: string[] = [];
  private readonly free: number[] = [];
  private readonly categories = new Dictionary();
  private categoryNumbers = new Uint32Array(0);
  private createdAts = new Float64Array(0);
  /** by `keyOfPath` */
  private readonly properties = new Map<string, PropertyColumn>();

  /** Indices are below. */
  get end(): number {
    return this.ids.length;
  }

  get size(): number {
    return this.indices.size;
  }

  heldIds(): readonly string[] {
    return [...this.indices.keys()];
  }

  some(test: (index: number) => boolean): boolean {
    for (const index of this.indices.values()) if (test(index)) return true;
    return false;
  }

  indexOf(id: string): number | undefined {
    return this.indices.get(id);
  }

  /** Returns its index. */
  put({ id, categories, properties, createdAt }: FilteredItem): number {
    const known = this.indices.get(id);
    const index = known ?? this.free.pop() ?? this.ids.length;
    if (known !== undefined) this.clearProperties(index);
    this.indices.set(id, index);
    this.ids[index] = id;
    if (index >= this.createdAts.length) {
      this.createdAts = longer(this.createdAts, new Float64Array(lengthFor(index)));
      this.categoryNumbers = longer(this.categoryNumbers, new Uint32Array(lengthFor(index)));
    }
    this.createdAts[index] = createdAt.getTime();
    this.categories.compact(this.categoryNumbers);
    this.categoryNumbers[index] = this.categories.numberOf(categories);
    for (const [key, values] of scalarsByPath(properties)) this.columnOf(key).put(index, values, this.end);
    return index;
  }

  /** Returns the index that it had. */
  remove(id: string): number | undefined {
    const index = this.indices.get(id);
    if (index === undefined) return undefined;
    this.indices.delete(id);
    this.ids[index] = '';
    this.clearProperties(index);
    this.free.push(index);
    return index;
  }

  readonly idOf = (index: number): string => this.ids[index] ?? '';
  readonly createdAtOf = (index: number): number => this.createdAts[index] ?? 0;

  readonly categoryTest = (condition: CategoryCondition): Test<number> => {
    const test = this.categories.remembered(categoryTest(condition));
    return (index) => test(this.categoryNumbers[index] ?? 0);
  };

  /** A property that no item has yet is looked for until one has it. */
  readonly propertyTest = (path: PropertyPath, condition: ScalarCondition): Test<number> => {
    const key = keyOfPath(path);
    let test: Test<number> | undefined;
    const passesWithout = scalarTest(condition)(null);
    return (index) => (test ??= this.properties.get(key)?.test(condition))?.(index) ?? passesWithout;
  };

  private columnOf(key: string): PropertyColumn {
    const known = this.properties.get(key);
    if (known !== undefined) return known;
    const column = new PropertyColumn();
    this.properties.set(key, column);
    return column;
  }

  private clearProperties(index: number): void {
    for (const column of this.properties.values()) column.put(index, null, this.end);
  }
}
