/** Numbers for lists of texts of which many items have the same one. */

/** Lists that nobody has any more are dropped once there are so many for each item that is held. */
const mostAnItem = 2;
const fewest = 1_024;

export class Dictionary {
  private numbers = new Map<string, number>();
  private lists: (readonly string[])[] = [[]];
  /** texts that occur in many lists are held once */
  private texts = new Map<string, string>();
  /** of `numberOf`, which begins anew with each compaction */
  generation = 0;

  /** 0 for the empty list. */
  numberOf(values: readonly string[]): number {
    if (values.length === 0) return 0;
    const key = JSON.stringify(values);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.lists.push(values.map((value) => this.once(value))) - 1;
    this.numbers.set(key, number);
    return number;
  }

  at(number: number): readonly string[] {
    return this.lists[number] ?? [];
  }

  /** Numbers anew what `held` has, where most of the lists are of nobody. */
  compact(held: Uint32Array): void {
    if (this.lists.length < Math.max(fewest, mostAnItem * held.length)) return;
    const before = this.lists;
    this.numbers = new Map();
    this.lists = [[]];
    this.texts = new Map();
    this.generation += 1;
    for (const [index, number] of held.entries()) held[index] = this.numberOf(before[number] ?? []);
  }

  /** What a test says of the list of a number; each list is tested once. */
  remembered(test: (values: readonly string[]) => boolean): (number: number) => boolean {
    let said = new Uint8Array(0); // 0 not tested yet, else 1 + what the test says
    let { generation } = this;
    return (number) => {
      if (generation !== this.generation || number >= said.length) {
        const room = new Uint8Array(2 * Math.max(number + 1, this.lists.length));
        if (generation === this.generation) room.set(said);
        said = room;
        ({ generation } = this);
      }
      if (said[number] === 0) said[number] = test(this.at(number)) ? 2 : 1;
      return said[number] === 2;
    };
  }

  private once(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    this.texts.set(text, text);
    return text;
  }
}
