/**
 * An item that training never saw gets its vector and its bias from what it is:
 *
 *   phi(item)  = 1/sqrt(n) for each of its n known categories | 1/sqrt(m) for each of the m known words of its text
 *                | its given vector scaled to length 1 | 1                                            [F = A + words + D + 1]
 *   E'[item], b[item] = phi(item) M,    M [F, d + 1]     fitted after the training to what it learned, see training/content/content-fit
 *
 * Known is what items of the training had. An item of which nothing is known has no place. The trained rows stay as they are.
 */
import { outputVectors } from './embedding.js';

export interface ContentNames {
  /** lower case, in the order of their rows */
  readonly words: readonly string[];
  /** D: numbers of an item's given vector; 0: none had one */
  readonly vectorLength: number;
}

/** What an item is. */
export interface ItemContent {
  readonly categories: readonly string[];
  readonly text: string;
  /** of an image, audio or text, by whatever made it; null: none */
  readonly vector: ArrayLike<number> | null;
}

/** The features of an item that are not zero, each once. */
export interface Features {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

/** Text behind this is not read: a bound of the work, far behind what describes an item. */
const mostCharacters = 20_000;

/** The words of a text, each once: runs of letters and digits, in lower case. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(
    text
      .slice(0, mostCharacters)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu),
  );
}

export class ContentFeatures {
  /** F */
  readonly size: number;
  private readonly categories: ReadonlyMap<string, number>;
  private readonly words: ReadonlyMap<string, number>;

  constructor(
    attributes: readonly string[],
    readonly names: ContentNames,
  ) {
    const { words, vectorLength } = names;
    this.categories = new Map(attributes.map((name, index) => [name, index]));
    this.words = new Map(words.map((word, index) => [word, attributes.length + index]));
    this.size = attributes.length + words.length + vectorLength + 1;
  }

  /** phi; null where nothing of the item is known. */
  of({ categories, text, vector }: ItemContent): Features | null {
    const indices: number[] = [];
    const values: number[] = [];
    const put = (known: readonly number[], value: (at: number) => number) => {
      known.forEach((index, at) => {
        indices.push(index);
        values.push(value(at));
      });
    };
    for (const [names, rows] of [
      [new Set(categories), this.categories],
      [this.words.size === 0 ? new Set<string>() : wordsOf(text), this.words],
    ] as const) {
      const known = [...names].map((name) => rows.get(name)).filter((row) => row !== undefined);
      put(known, () => 1 / Math.sqrt(known.length));
    }
    const length = vector?.length === this.names.vectorLength ? lengthOf(vector) : 0;
    if (vector !== null && length > 0) {
      const begin = this.size - 1 - vector.length;
      put(Array.from(vector, (_, at) => begin + at), (at) => (vector[at] ?? 0) / length); // prettier-ignore
    }
    if (indices.length === 0) return null;
    put([this.size - 1], () => 1);
    return { indices, values };
  }
}

/** phi M [d + 1], M [F, d + 1] */
export function placeOf(
  { indices, values }: Features,
  map: Float32Array | Float64Array,
  columns: number,
): Float64Array {
  const sum = new Float64Array(columns);
  indices.forEach((feature, at) => {
    const value = values[at] ?? 0;
    for (let column = 0; column < columns; column++) {
      sum[column] = (sum[column] as number) + value * (map[feature * columns + column] as number);
    }
  });
  return sum;
}

/** An item as it is scored: O [d], see `embedding`, and b. */
export interface PlacedItem {
  readonly vector: Float32Array;
  readonly bias: number;
}

export class ContentMap {
  constructor(
    private readonly features: ContentFeatures,
    /** M [F, d + 1] */
    private readonly weights: Float32Array,
    private readonly outputLength: number,
  ) {}

  /** null for an item of which nothing is known, and for what f32 can not hold: one item must not spoil every answer. */
  place(item: ItemContent): PlacedItem | null {
    const features = this.features.of(item);
    if (features === null) return null;
    const columns = this.weights.length / this.features.size; // d + 1
    const placed = Float32Array.from(placeOf(features, this.weights, columns));
    const [vector, bias] = [placed.subarray(0, -1), placed[columns - 1] as number];
    if (!placed.every(Number.isFinite)) return null;
    return { vector: outputVectors(vector, vector.length, this.outputLength).slice(), bias };
  }
}

function lengthOf(vector: ArrayLike<number>): number {
  return Math.hypot(...Array.from(vector));
}
