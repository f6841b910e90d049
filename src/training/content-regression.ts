/**
 * From what items are to what the training learned of them. For each trained item j, phi_j its content (see model/content):
 *
 *   E[j], b[j] ~ phi_j W             ridge, an observation weighs sqrt(frequency): the vector of a rare item is hardly learned
 *   E'[j]      ~ A a(j) + phi_j W    so M = A on the rows of the categories, plus W
 *
 * The regression explains what the attribute vectors A leave, and a large penalty falls back on them. Two groups of items can be
 * told apart: those of the fit, and a group that is left out of it as if it had never been seen.
 */
import { ContentFeatures, type ContentNames, type Features } from '../model/content.js';
import { wordsOf } from '../model/content.js';
import type { ContentById } from './content-file.js';
import type { Parameters } from './parameters.js';
import { NormalEquations } from './ridge.js';
import type { Split } from './split.js';

const mostWords = 1_000;
/** A word of a single item says nothing about another one. */
const leastItems = 2;
/** about 20 seconds */
const mostWork = 1e10;
/** of the constant, against 1 of an item of mean weight: as good as none */
const constantPenalty = 1e-3;

export type Learned = Pick<Split, 'vocabulary' | 'attributes' | 'itemAttributes'>;

export class ContentRegression {
  readonly features: ContentFeatures;
  /** by row; null: an item without content, or a rare one too many */
  readonly phi: readonly (Features | null)[];
  private readonly all: NormalEquations;
  private readonly meanWeight: number;

  constructor(
    split: Learned,
    private readonly parameters: Parameters,
    private readonly frequencies: ArrayLike<number>,
    content: ContentById,
  ) {
    const { vocabulary, attributes } = split;
    this.features = new ContentFeatures(attributes, namesOf(content));
    this.phi = this.affordable([
      null,
      ...vocabulary.map((id, index) => this.features.of(contentOf(split, index + 1, content.get(id)))),
    ]);
    this.all = new NormalEquations(this.features.size, this.width + 1);
    let sum = 0;
    let count = 0;
    this.phi.forEach((_, row) => {
      if (!this.takes(this.all, row, 1)) return;
      sum += this.weightOf(row);
      count++;
    });
    this.meanWeight = count === 0 ? 1 : sum / count;
  }

  /** M [F, d + 1], by all items but those of the rows that are left out; `penalty` in items of mean weight. */
  solve(penalty: number, without: Iterable<number> = []): Float64Array {
    const equations = this.all.copy();
    for (const row of without) this.takes(equations, row, -1);
    const size = this.features.size;
    const penalties = new Float64Array(size).fill(penalty * this.meanWeight);
    penalties[size - 1] = constantPenalty * this.meanWeight;
    const map = equations.solve(penalties);
    const attributes = this.parameters.get('attribute.embedding')?.data ?? [];
    attributes.forEach((value, at) => {
      const place = Math.floor(at / this.width) * (this.width + 1) + (at % this.width);
      map[place] = (map[place] ?? 0) + value;
    });
    return map;
  }

  /** phi_j M of an item with content [d + 1] */
  place(map: Float64Array, row: number): Float64Array {
    const columns = this.width + 1;
    const sum = new Float64Array(columns);
    const { indices, values } = this.phi[row] ?? { indices: [], values: [] };
    indices.forEach((feature, at) => {
      for (let m = 0; m < columns; m++) {
        sum[m] = (sum[m] as number) + (values[at] as number) * (map[feature * columns + m] as number);
      }
    });
    return sum;
  }

  /** The work of the fit grows with the square of an item's features: where it is too much, the items that occur most are taken. */
  private affordable(phi: readonly (Features | null)[]): readonly (Features | null)[] {
    const kept = new Array<Features | null>(phi.length).fill(null);
    const order = [...phi.keys()].sort((a, b) => (this.frequencies[b] ?? 0) - (this.frequencies[a] ?? 0));
    let work = 0;
    for (const row of order) {
      work += (phi[row]?.indices.length ?? 0) ** 2;
      if (work > mostWork) break;
      kept[row] = phi[row] ?? null;
    }
    return kept;
  }

  private get width(): number {
    return this.parameters.get('item.embedding')?.shape[1] ?? 0;
  }

  private takes(equations: NormalEquations, row: number, sign: 1 | -1): boolean {
    const features = this.phi[row] ?? null;
    if (features !== null) equations.add(features, this.targetOf(row), sign * this.weightOf(row));
    return features !== null;
  }

  private weightOf(row: number): number {
    return Math.sqrt(this.frequencies[row] ?? 0);
  }

  /** E[j] | b[j] */
  private targetOf(row: number): Float32Array {
    const target = new Float32Array(this.width + 1);
    const vectors = this.parameters.get('item.embedding')?.data ?? new Float32Array();
    target.set(vectors.subarray(row * this.width, (row + 1) * this.width));
    target[this.width] = this.parameters.get('output.bias')?.data[row - 1] ?? 0;
    return target;
  }
}

function contentOf({ attributes, itemAttributes }: Learned, row: number, own: ReturnType<ContentById['get']>) {
  const { offsets, ids } = itemAttributes;
  const categories = [...ids.subarray(offsets[row], offsets[row + 1])].map((id) => attributes[id] ?? '');
  return { categories, text: own?.text ?? '', vector: own?.vector ?? null };
}

/** The words of most items, and the length that most vectors have. */
function namesOf(content: ContentById): ContentNames {
  const words = new Map<string, number>();
  const lengths = new Map<number, number>();
  for (const { text, vector } of content.values()) {
    for (const word of wordsOf(text)) words.set(word, (words.get(word) ?? 0) + 1);
    if (vector !== null) lengths.set(vector.length, (lengths.get(vector.length) ?? 0) + 1);
  }
  const known = byCount(words).filter(([, count]) => count >= leastItems);
  return { words: known.slice(0, mostWords).map(([word]) => word), vectorLength: byCount(lengths)[0]?.[0] ?? 0 };
}

function byCount<Key>(counts: ReadonlyMap<Key, number>): readonly (readonly [Key, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}
