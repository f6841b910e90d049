/** Places in the order in which they were last written: a list that is linked both ways, in two columns of numbers. */
const none = -1;

export class WriteOrder {
  private before = new Int32Array(0);
  private after = new Int32Array(0);
  private first = none;
  private last = none;

  moveToEnd(place: number): void {
    if (place >= this.after.length) this.grow(place + 1);
    if (place === this.last) return;
    if (this.after[place] !== none) this.unlink(place);
    this.before[place] = this.last;
    if (this.last === none) this.first = place;
    else this.after[this.last] = place;
    this.after[place] = none;
    this.last = place;
  }

  /** Takes the one off that was written longest ago; null: there is none. */
  takeFirst(): number | null {
    const { first } = this;
    if (first === none) return null;
    this.unlink(first);
    return first;
  }

  clear(): void {
    this.before.fill(none);
    this.after.fill(none);
    this.first = none;
    this.last = none;
  }

  private unlink(place: number): void {
    const before = this.before[place] as number;
    const after = this.after[place] as number;
    if (before === none) this.first = after;
    else this.after[before] = after;
    if (after === none) this.last = before;
    else this.before[after] = before;
    this.before[place] = none;
    this.after[place] = none;
  }

  private grow(count: number): void {
    const [before, after] = [this.before, this.after];
    this.before = new Int32Array(2 * count).fill(none);
    this.after = new Int32Array(2 * count).fill(none);
    this.before.set(before);
    this.after.set(after);
  }
}
