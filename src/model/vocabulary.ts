/** Item id <-> row of the item table. Row 0 stands for every item that the model does not know. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { IdTable } from './id-table.js';

/** The item ids of the process: every vocabulary and the catalogue name an item by the same number, and its text is there once. */
export const itemIds = new IdTable();

/** Of vocabularies that nobody has any more. */
const left = new FinalizationRegistry<{ readonly table: IdTable; readonly numbers: Uint32Array }>(
  ({ table, numbers }) => {
    void releaseInTurns(table, numbers);
  },
);
/** Numbers of one turn of the event loop. */
const releasedAtOnce = 10_000;

export class Vocabulary {
  /** of each row its number in the table, at row - 1 */
  readonly numbers: Uint32Array;
  /** by number */
  private readonly rows: Int32Array;

  /** `ids[0]` gets row 1. */
  constructor(
    ids: readonly string[],
    private readonly table = itemIds,
  ) {
    this.numbers = Uint32Array.from(ids, (id) => table.hold(id));
    left.register(this, { table, numbers: this.numbers });
    this.rows = new Int32Array(table.end);
    for (const [index, number] of this.numbers.entries()) {
      if (this.rows[number] !== 0) throw new Error('a vocabulary holds each item id once');
      this.rows[number] = index + 1;
    }
  }

  get size(): number {
    return this.numbers.length;
  }

  /** All of them, made anew: that of row 1 first. */
  get ids(): readonly string[] {
    return Array.from(this.numbers, (number) => this.table.textOf(number));
  }

  /** The item's row, 1..size, or 0 for an item that the model does not know. */
  rowOf(itemId: string): number {
    return this.rows[this.table.numberOf(itemId)] ?? 0;
  }

  /** The id of a row in 1..size. */
  idOf(row: number): string {
    const number = this.numbers[row - 1];
    if (number === undefined) throw new Error(`row ${row} is outside of the vocabulary of ${this.size} items`);
    return this.table.textOf(number);
  }
}

async function releaseInTurns(table: IdTable, numbers: Uint32Array): Promise<void> {
  for (let at = 0; at < numbers.length; at += releasedAtOnce) {
    for (const number of numbers.subarray(at, at + releasedAtOnce)) table.release(number);
    await nextTurn();
  }
}
