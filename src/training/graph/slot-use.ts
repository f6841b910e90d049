/**
 * How the queries of a validation use the slots: whether the attention is spread or always on one slot, and how many slots
 * hardly anybody reads.
 */

export interface SlotUse {
  /** mean over the queries of -sum_s a[s] log a[s] / log S: 0 reads one slot, 1 reads all alike */
  readonly readEntropy: number;
  /** slots whose mean attention is below a tenth of an equal share, 0.1 / S */
  readonly dead: number;
}

export class SlotMeter {
  private shares: number[] = [];
  private entropy = 0;
  private rows = 0;

  /** Attention of some queries: slots in the last dimension; further ones, such as heads, count as queries. [P .. S] */
  add(attention: { readonly shape: readonly number[]; dataSync(): ArrayLike<number> }): void {
    const slots = attention.shape.at(-1) ?? 0;
    const numbers = attention.dataSync();
    if (this.shares.length === 0) this.shares = new Array<number>(slots).fill(0);
    for (let at = 0; at < numbers.length; at++) {
      const share = numbers[at] ?? 0;
      this.shares[at % slots] = (this.shares[at % slots] ?? 0) + share;
      if (share > 0) this.entropy -= share * Math.log(share);
    }
    this.rows += slots === 0 ? 0 : numbers.length / slots;
  }

  /** Null: there were no queries, or fewer than two slots to choose from. */
  use(): SlotUse | null {
    const { rows, shares } = this;
    const slots = shares.length;
    if (rows === 0 || slots < 2) return null;
    return {
      readEntropy: this.entropy / rows / Math.log(slots),
      dead: shares.filter((sum) => sum / rows < 0.1 / slots).length,
    };
  }
}
