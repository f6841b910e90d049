/**
 * Random numbers from a seed: the same seed gives the same training on the same machine. Mulberry32: 32 bits of
 * state, far more than a training draws in shuffles and initial weights.
 */
export class Random {
  /** All that the next numbers depend on: put back, the stream goes on as it did from there. */
  state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Uniform among 0 .. count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Fisher-Yates, in place. */
  shuffle(values: { readonly length: number; [index: number]: unknown }): void {
    for (let last = values.length - 1; last > 0; last--) {
      const chosen = this.below(last + 1);
      [values[last], values[chosen]] = [values[chosen], values[last]];
    }
  }
}
