/**
 * A number that stands for a text in the columns: 53 bits of it, so that a million texts that differ take eight bytes each. Two texts with
 * one number are as good as never met (one pair in ten thousand catalogues of a million items), and the row of an answer is asked by its
 * texts once more.
 *
 * Two lanes of 32 bits that multiply and mix, of the kind of MurmurHash3.
 */
export function keyOfText(text: string): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 2_654_435_761);
    two = Math.imul(two ^ unit, 1_597_334_677);
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(two ^ (two >>> 13), 3_266_489_909);
  two = Math.imul(two ^ (two >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909);
  return 2 ** 32 * (two & 0x1f_ffff) + (one >>> 0);
}
