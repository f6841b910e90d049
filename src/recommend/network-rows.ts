/** Which item of the columns each row of a network is, for the networks that serve: made at first use, and kept as items come and go. */
import type { LiveNetwork } from '../memory/network-source.js';
import type { Columns } from './filter/columns.js';

interface Rows {
  readonly rowOf: (itemId: string) => number;
  /** of the item of a row its index in the columns, at row - 1; -1: it may not be answered */
  readonly indices: Int32Array;
}

export class NetworkRows {
  /** by the version of the network */
  private readonly rows = new Map<number, Rows>();

  constructor(private readonly columns: Columns) {}

  indicesOf({ version, network: { vocabulary } }: LiveNetwork): Int32Array {
    const known = this.rows.get(version);
    if (known !== undefined) return known.indices;
    const indices = new Int32Array(vocabulary.size);
    for (let row = 1; row <= indices.length; row++) indices[row - 1] = this.columns.indexOf(vocabulary.idOf(row)) ?? -1;
    this.rows.set(version, { rowOf: (itemId) => vocabulary.rowOf(itemId), indices });
    return indices;
  }

  /** `index`: of an item now; -1: it may not be answered. */
  put(itemId: string, index: number): void {
    for (const { rowOf, indices } of this.rows.values()) {
      const row = rowOf(itemId);
      if (row > 0) indices[row - 1] = index;
    }
  }

  forgetOthers(versions: ReadonlySet<number>): void {
    for (const version of this.rows.keys()) if (!versions.has(version)) this.rows.delete(version);
  }
}
