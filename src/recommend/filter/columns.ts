/**
 * What filters ask of the items, as columns. The index of an item is the number of its id in the process, see `vocabulary`; another takes it
 * over once it is gone from here and from every network. Lists of texts lie in dictionaries, so that a million items of a shop take
 * some tens of megabytes.
 */
import type { IdTable } from '../../model/id-table.js';
import { itemIds } from '../../model/vocabulary.js';
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
  /** by index, whether the item is here */
  private held = new Uint8Array(0);
  private count = 0;
  private length = 0;
  private readonly categories = new Dictionary();
  private categoryNumbers = new Uint32Array(0);
  private createdAts = new Float64Array(0);
  /** by `keyOfPath` */
  private readonly properties = new Map<string, PropertyColumn>();

  constructor(private readonly ids: IdTable = itemIds) {}

  /** Indices are below. */
  get end(): number {
    return this.length;
  }

  get size(): number {
    return this.count;
  }

  *heldIds(): Generator<string> {
    for (let index = 0; index < this.end; index++) if (this.has(index)) yield this.ids.textOf(index);
  }

  some(test: (index: number) => boolean): boolean {
    for (let index = 0; index < this.end; index++) if (this.has(index) && test(index)) return true;
    return false;
  }

  indexOf(id: string): number | undefined {
    const index = this.ids.numberOf(id);
    return this.has(index) ? index : undefined;
  }

  has(index: number): boolean {
    return this.held[index] === 1;
  }

  /** null: there is no such item. */
  categoriesOf(id: string): readonly string[] | null {
    const index = this.indexOf(id);
    return index === undefined ? null : this.categories.at(this.categoryNumbers[index] ?? 0);
  }

  /** Returns its index. */
  put({ id, categories, properties, createdAt }: FilteredItem): number {
    const known = this.indexOf(id);
    const index = known ?? this.ids.hold(id);
    if (known === undefined) this.count += 1;
    else this.clearProperties(index);
    this.length = Math.max(this.length, index + 1);
    if (index >= this.createdAts.length) {
      this.createdAts = longer(this.createdAts, new Float64Array(lengthFor(index)));
      this.categoryNumbers = longer(this.categoryNumbers, new Uint32Array(lengthFor(index)));
      this.held = longer(this.held, new Uint8Array(lengthFor(index)));
    }
    this.held[index] = 1;
    this.createdAts[index] = createdAt.getTime();
    this.categories.compact(this.categoryNumbers);
    this.categoryNumbers[index] = this.categories.numberOf(categories);
    for (const [key, values] of scalarsByPath(properties)) this.columnOf(key).put(index, values, this.end);
    return index;
  }

  /** Returns the index that it had. */
  remove(id: string): number | undefined {
    const index = this.indexOf(id);
    if (index === undefined) return undefined;
    this.clearProperties(index);
    this.held[index] = 0;
    this.count -= 1;
    this.ids.release(index);
    return index;
  }

  readonly idOf = (index: number): string => this.ids.textOf(index);
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
