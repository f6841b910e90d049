/**
 * Texts by small numbers and numbers by text, for a catalogue of millions of ids: the bytes of all lie one behind the other, and the
 * numbers in a table by the texts' hashes (open addressing, linear probing), beside each as much of the hash as there is room for. It
 * takes the bytes of an id and about 15 more, where a list of strings and a Map take about 100.
 *
 * A text has its number as long as somebody holds it; then the number is free for another.
 */

/** At most so much of the table is taken. */
const load = 0.75;
const fewest = 64;
const longest = 65_534;

export class IdTable {
  private bytes = Buffer.alloc(0);
  private used = 0;
  /** bytes of texts that are gone */
  private unused = 0;
  private begins = new Uint32Array(fewest);
  /** 1 + the bytes of the text; 0: the number has none */
  private spans = new Uint16Array(fewest);
  private holds = new Uint16Array(fewest);
  /** 1 + the number, and in the `tagBits` behind it the last bits of its text's hash; 0: none */
  private slots = new Uint32Array(Math.ceil(fewest / load));
  private tagBits = tagBitsFor(fewest);
  private readonly free: number[] = [];
  private length = 0;

  /** How many texts have a number. */
  get size(): number {
    return this.length - this.free.length;
  }

  /** Numbers are below. */
  get end(): number {
    return this.length;
  }

  /** -1: the text has none. */
  numberOf(text: string): number {
    const hash = hashOf(text);
    const mask = 2 ** this.tagBits - 1;
    for (let slot = this.home(hash); ; slot = this.behind(slot)) {
      const entry = this.slots[slot] as number;
      if (entry === 0) return -1;
      if (((entry ^ hash) & mask) !== 0) continue;
      const number = this.numberAt(slot);
      if (this.textOf(number) === text) return number;
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

  /** The number of a text, for as long as it is not released as often. */
  hold(text: string): number {
    const known = this.numberOf(text);
    const number = known < 0 ? this.put(text) : known;
    this.holds[number] = (this.holds[number] as number) + 1;
    return number;
  }

  /** Lets go of a number that was held. */
  release(number: number): void {
    const holds = (this.holds[number] ?? 0) - 1;
    if (holds < 0) throw new Error(`unreachable: nobody holds number ${number}`);
    this.holds[number] = holds;
    if (holds === 0) this.remove(number);
  }

  private put(text: string): number {
    const length = Buffer.byteLength(text);
    if (length > longest) throw new RangeError(`a text of ${length} bytes is too long for an id`);
    const number = this.free.pop() ?? this.length++;
    if (number >= this.begins.length) this.makeRoom(number);
    if (this.size > load * this.slots.length) this.spread(Math.ceil(1.5 * this.slots.length));
    if (this.used + length > this.bytes.length) this.moveBytes(length);
    this.bytes.write(text, this.used);
    this.begins[number] = this.used;
    this.spans[number] = 1 + length;
    this.used += length;
    this.take(number);
    return number;
  }

  private remove(number: number): void {
    let hole = this.home(this.hashAt(number));
    while (this.numberAt(hole) !== number) hole = this.behind(hole);
    this.slots[hole] = 0;
    // what was pushed behind the hole moves up, so that it is found from its home on
    for (let slot = this.behind(hole); (this.slots[slot] as number) > 0; slot = this.behind(slot)) {
      const home = this.home(this.hashAt(this.numberAt(slot)));
      if (this.distance(home, slot) < this.distance(hole, slot)) continue;
      this.slots[hole] = this.slots[slot] as number;
      this.slots[slot] = 0;
      hole = slot;
    }
    this.unused += this.lengthOf(number);
    this.spans[number] = 0;
    this.free.push(number);
  }

  private lengthOf(number: number): number {
    return Math.max(0, (this.spans[number] ?? 0) - 1);
  }

  private hashAt(number: number): number {
    return hashOf(this.textOf(number));
  }

  private home(hash: number): number {
    return Math.floor(((hash >>> 0) / 2 ** 32) * this.slots.length);
  }

  private behind(slot: number): number {
    return slot + 1 === this.slots.length ? 0 : slot + 1;
  }

  /** How far behind a slot another one is. */
  private distance(slot: number, other: number): number {
    return other >= slot ? other - slot : other - slot + this.slots.length;
  }

  private numberAt(slot: number): number {
    return ((this.slots[slot] as number) >>> this.tagBits) - 1;
  }

  private take(number: number): void {
    const hash = this.hashAt(number);
    let slot = this.home(hash);
    while ((this.slots[slot] as number) > 0) slot = this.behind(slot);
    this.slots[slot] = (number + 1) * 2 ** this.tagBits + (hash & (2 ** this.tagBits - 1));
  }

  private spread(length: number): void {
    this.slots = new Uint32Array(length);
    for (let number = 0; number < this.length; number++) if (this.has(number)) this.take(number);
  }

  private makeRoom(number: number): void {
    const length = Math.ceil(1.25 * (number + fewest));
    const { begins, spans, holds } = this;
    (this.begins = new Uint32Array(length)).set(begins);
    (this.spans = new Uint16Array(length)).set(spans);
    (this.holds = new Uint16Array(length)).set(holds);
    const tagBits = tagBitsFor(length);
    if (tagBits === this.tagBits) return;
    this.tagBits = tagBits;
    this.spread(this.slots.length);
  }

  /** To a place with room for more, without the texts that are gone. */
  private moveBytes(more: number): void {
    const before = this.bytes;
    this.bytes = Buffer.allocUnsafeSlow(Math.ceil(1.25 * (this.used - this.unused + more + fewest)));
    if (this.unused === 0) {
      before.copy(this.bytes, 0, 0, this.used);
      return;
    }
    this.used = 0;
    this.unused = 0;
    for (let number = 0; number < this.length; number++) {
      const begin = this.begins[number] as number;
      const end = begin + this.lengthOf(number);
      this.begins[number] = this.used;
      this.used += before.copy(this.bytes, this.used, begin, end);
    }
  }
}

/** What 32 bits leave beside the numbers 1 .. most. */
function tagBitsFor(most: number): number {
  return Math.clz32(most);
}

/** FNV-1a over the code units, mixed once more: similar ids lie apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
