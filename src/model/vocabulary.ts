/** Item id <-> row of the item table. Row 0 stands for every item that the model does not know. */
export class Vocabulary {
  private readonly rows: ReadonlyMap<string, number>;

  /** `ids[0]` gets row 1. */
  constructor(readonly ids: readonly string[]) {
    this.rows = new Map(ids.map((id, index) => [id, index + 1]));
    if (this.rows.size !== ids.length) throw new Error('a vocabulary holds each item id once');
  }

  get size(): number {
    return this.ids.length;
  }

  /** The item's row, 1..size, or 0 for an item that the model does not know. */
  rowOf(itemId: string): number {
    return this.rows.get(itemId) ?? 0;
  }

  /** The id of a row in 1..size. */
  idOf(row: number): string {
    const id = this.ids[row - 1];
    if (id === undefined) throw new Error(`row ${row} is outside of the vocabulary of ${this.ids.length} items`);
    return id;
  }
}
