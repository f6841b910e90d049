/** Item id <-> row of the item table. Row 0 stands for every item that the model does not know. */
import { IdTable } from './id-table.js';

export class Vocabulary {
  /** the number of an id is its row - 1 */
  private readonly table: IdTable;

  /** `ids[0]` gets row 1. */
  constructor(ids: readonly string[]) {
    const bytes = ids.reduce((sum, id) => sum + Buffer.byteLength(id), 0);
    this.table = new IdTable(ids.length, bytes);
    for (const [index, id] of ids.entries()) {
      if (this.table.numberOf(id) >= 0) throw new Error('a vocabulary holds each item id once');
      this.table.put(id, index);
    }
  }

  get size(): number {
    return this.table.size;
  }

  /** All of them, made anew: that of row 1 first. */
  get ids(): readonly string[] {
    return Array.from({ length: this.size }, (_, index) => this.table.textOf(index));
  }

  /** The item's row, 1..size, or 0 for an item that the model does not know. */
  rowOf(itemId: string): number {
    return this.table.numberOf(itemId) + 1;
  }

  /** The id of a row in 1..size. */
  idOf(row: number): string {
    if (!this.table.has(row - 1)) throw new Error(`row ${row} is outside of the vocabulary of ${this.size} items`);
    return this.table.textOf(row - 1);
  }
}
