/**
 * How often each key came, for tens of millions of keys: 12 bytes a slot where a Set of JavaScript takes 50 to 100 and ends at 2^24.
 * A key is kept as a number of 53 bits (cyrb53), so two of n keys may be taken for one, once in 2^54 / n^2.
 */
export class KeyCounts {
  private keys = new Float64Array(1 << 16); // 0: free
  private counts = new Uint32Array(1 << 16);
  private used = 0;

  /** Counts the key once more and returns how often it came: 1 for a new one. */
  add(text: string): number {
    if (this.used > 0.75 * this.keys.length) this.grow();
    const key = numberOf(text);
    const slot = this.slotOf(key);
    if (this.keys[slot] === 0) this.used++;
    this.keys[slot] = key;
    return (this.counts[slot] = (this.counts[slot] as number) + 1);
  }

  /** That of the key, or the free one where it goes. */
  private slotOf(key: number): number {
    const mask = this.keys.length - 1;
    let slot = (key ^ (key / 2 ** 32)) & mask;
    while (this.keys[slot] !== 0 && this.keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { keys, counts } = this;
    this.keys = new Float64Array(2 * keys.length);
    this.counts = new Uint32Array(2 * keys.length);
    for (const [at, key] of keys.entries()) {
      if (key === 0) continue;
      const slot = this.slotOf(key);
      this.keys[slot] = key;
      this.counts[slot] = counts[at] as number;
    }
  }
}

function numberOf(text: string): number {
  let one = 0xdeadbeef;
  let other = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 2_654_435_761);
    other = Math.imul(other ^ code, 1_597_334_677);
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(other ^ (other >>> 13), 3_266_489_909);
  other = Math.imul(other ^ (other >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909);
  return 2 ** 32 * (other & 0x1fffff) + (one >>> 0) || 1;
}
