/**
 * Texts by small numbers and numbers by text, for a catalogue of millions of ids: the bytes of all lie one behind the other, and the
 * numbers in a table of hashes (open addressing, linear probing). It takes the bytes of an id and about 20 more, where a list of strings
 * and a Map take about 100.
 */

/** At most so much of the table is taken. */
const load = 0.6;
const fewest = 64;
const longest = 65_534;

export class IdTable {
  private bytes: Buffer;
  private used = 0;
  /** bytes of texts that are gone */
  private unused = 0;
  private begins: Uint32Array;
  /** 1 + the bytes of the text; 0: the number has none */
  private spans: Uint16Array;
  private hashes: Int32Array;
  /** 1 + the number whose text has the hash of this place; 0: none */
  private slots: Uint32Array;
  private count = 0;

  /** Room for so many texts of so many bytes; it grows where there are more. */
  constructor(texts = fewest, bytes = 0) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.begins = new Uint32Array(texts);
    this.spans = new Uint16Array(texts);
    this.hashes = new Int32Array(texts);
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(fewest, texts) / load)));
  }

  /** How many texts have a number. */
  get size(): number {
    return this.count;
  }

  /** -1: the text has none. */
  numberOf(text: string): number {
    const hash = hashOf(text);
    for (let slot = this.home(hash); ; slot = this.behind(slot)) {
      const number = (this.slots[slot] as number) - 1;
      if (number < 0 || (this.hashes[number] === hash && this.textOf(number) === text)) return number;
    }
  }

  /** The text of a number; '' of one that has none. */
  textOf(number: number): string {
    const begin = this.begins[number] ?? 0;
    return this.bytes.toString('utf8', begin, begin + this.lengthOf(number));
  }

  has(number: number): boolean {
    return (this.spans[number] ?? 0) > 0;
  }

  /** Gives a text that has none a number that is free. */
  put(text: string, number: number): void {
    if (number >= this.begins.length) this.makeRoom(number);
    if (this.count >= load * this.slots.length) this.spread(2 * this.slots.length);
    const length = Buffer.byteLength(text);
    if (length > longest) throw new RangeError(`a text of ${length} bytes is too long for an id`);
    if (this.used + length > this.bytes.length) this.moveBytes(length);
    this.bytes.write(text, this.used);
    this.begins[number] = this.used;
    this.spans[number] = 1 + length;
    this.hashes[number] = hashOf(text);
    this.used += length;
    this.count += 1;
    this.take(number);
  }

  /** Frees the number of a text. */
  remove(number: number): void {
    let hole = this.home(this.hashes[number] as number);
    while (this.slots[hole] !== number + 1) hole = this.behind(hole);
    this.slots[hole] = 0;
    // what was pushed behind the hole moves up, so that it is found from its home on
    for (let slot = this.behind(hole); (this.slots[slot] as number) > 0; slot = this.behind(slot)) {
      const home = this.home(this.hashes[(this.slots[slot] as number) - 1] as number);
      const isBetween = hole < slot ? home > hole && home <= slot : home > hole || home <= slot;
      if (isBetween) continue;
      this.slots[hole] = this.slots[slot] as number;
      this.slots[slot] = 0;
      hole = slot;
    }
    this.unused += this.lengthOf(number);
    this.spans[number] = 0;
    this.count -= 1;
  }

  /** The numbers that have a text, rising. */
  *numbers(): Generator<number> {
    for (let number = 0; number < this.spans.length; number++) if (this.has(number)) yield number;
  }

  private lengthOf(number: number): number {
    return Math.max(0, (this.spans[number] ?? 0) - 1);
  }

  private home(hash: number): number {
    return (hash >>> 0) & (this.slots.length - 1);
  }

  private behind(slot: number): number {
    return (slot + 1) & (this.slots.length - 1);
  }

  private take(number: number): void {
    let slot = this.home(this.hashes[number] as number);
    while ((this.slots[slot] as number) > 0) slot = this.behind(slot);
    this.slots[slot] = number + 1;
  }

  private spread(length: number): void {
    const before = this.slots;
    this.slots = new Uint32Array(length);
    for (const slot of before) if (slot > 0) this.take(slot - 1);
  }

  private makeRoom(number: number): void {
    const length = Math.ceil(1.25 * (number + fewest));
    const { begins, spans, hashes } = this;
    (this.begins = new Uint32Array(length)).set(begins);
    (this.spans = new Uint16Array(length)).set(spans);
    (this.hashes = new Int32Array(length)).set(hashes);
  }

  /** To a place with room for more, without the texts that are gone. */
  private moveBytes(more: number): void {
    const before = this.bytes;
    this.bytes = Buffer.allocUnsafeSlow(Math.ceil(1.25 * (this.used - this.unused + more + fewest)));
    this.used = 0;
    this.unused = 0;
    for (const number of this.numbers()) {
      const begin = this.begins[number] as number;
      const end = begin + this.lengthOf(number);
      this.begins[number] = this.used;
      this.used += before.copy(this.bytes, this.used, begin, end);
    }
  }
}

/** FNV-1a over the code units, mixed once more: similar ids lie apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
