/**
 * From what items are to what the training learned of them. For each trained item j, phi_j its content (see model/content):
 *
 *   E[j], b[j] ~ phi_j W             ridge, an observation weighs sqrt(frequency): the vector of a rare item is hardly learned
 *   E'[j]      ~ A a(j) + phi_j W    so M = A on the rows of the categories, plus W
 *
 * The regression explains what the attribute vectors A leave, and a large penalty falls back on them. A group of items can be left
 * out of the fit, as if it had never been seen.
 */
import { ContentFeatures, placeOf, wordsOf, type ContentNames, type Features } from '../../model/content.js';
import type { ContentById } from './content-file.js';
import type { Parameters } from '../graph/parameters.js';
import { NormalEquations } from './ridge.js';
import type { Split } from '../log/split.js';

const mostWords = 1_000;
/** A word of a single item says nothing about another one. */
const leastItems = 2;
const mostItems = 50_000;
/** Of the features, categories above all, those of most items: a solution of so many takes about three seconds. */
const mostFeatures = 2_000;
/** about 20 seconds */
const mostWork = 1e10;
/** of the constant, against 1 of an item of mean weight: as good as none */
const constantPenalty = 1e-3;

export type Learned = Pick<Split, 'vocabulary' | 'attributes' | 'itemAttributes'>;

export class ContentRegression {
  readonly features: ContentFeatures;
  /** by row; null: an item without content, or a rare one too many */
  readonly phi: readonly (Features | null)[];
  /** rows of M that are fitted; the others are A alone, or zero */
  readonly fitted: readonly number[];
  private readonly all: NormalEquations;
  /** by row of M: its place in `fitted` */
  private readonly places: ReadonlyMap<number, number>;
  private readonly meanWeight: number;

  constructor(
    split: Learned,
    private readonly parameters: Parameters,
    private readonly frequencies: ArrayLike<number>,
    content: ContentById,
  ) {
    this.features = new ContentFeatures(split.attributes, namesOf(content));
    this.phi = this.taken(split, content);
    this.fitted = this.commonest();
    this.places = new Map(this.fitted.map((feature, place) => [feature, place]));
    this.all = new NormalEquations(this.fitted.length, this.width + 1);
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
    const { size } = this.features;
    const penalties = Float64Array.from(this.fitted, (feature) =>
      feature === size - 1 ? constantPenalty * this.meanWeight : penalty * this.meanWeight,
    );
    const solution = equations.solve(penalties);
    const columns = this.width + 1;
    const map = new Float64Array(size * columns);
    this.fitted.forEach((feature, place) => {
      map.set(solution.subarray(place * columns, (place + 1) * columns), feature * columns);
    });
    const attributes = this.parameters.get('attribute.embedding')?.data ?? [];
    attributes.forEach((value, at) => {
      const place = Math.floor(at / this.width) * columns + (at % this.width);
      map[place] = (map[place] ?? 0) + value;
    });
    return map;
  }

  /** phi_j M of an item with content [d + 1] */
  place(map: Float64Array, row: number): Float64Array {
    return placeOf(this.phi[row] ?? { indices: [], values: [] }, map, this.width + 1);
  }

  /** The items that occur most, as many as the fit has the time for: its work grows with the square of an item's features. */
  private taken(split: Learned, content: ContentById): readonly (Features | null)[] {
    const phi = new Array<Features | null>(split.vocabulary.length + 1).fill(null);
    const order = [...phi.keys()].sort((a, b) => (this.frequencies[b] ?? 0) - (this.frequencies[a] ?? 0));
    let work = 0;
    for (const row of order.slice(0, mostItems)) {
      if (row === 0) continue;
      const features = this.features.of(contentOf(split, row, content.get(split.vocabulary[row - 1] ?? '')));
      work += (features?.indices.length ?? 0) ** 2;
      if (work > mostWork) break;
      phi[row] = features;
    }
    return phi;
  }

  private commonest(): readonly number[] {
    const counts = new Int32Array(this.features.size);
    for (const features of this.phi) {
      for (const feature of features?.indices ?? []) counts[feature] = (counts[feature] ?? 0) + 1;
    }
    const used = [...counts.keys()].filter((feature) => (counts[feature] ?? 0) > 0);
    return used.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0)).slice(0, mostFeatures);
  }

  private get width(): number {
    return this.parameters.get('item.embedding')?.shape[1] ?? 0;
  }

  private takes(equations: NormalEquations, row: number, sign: 1 | -1): boolean {
    const features = this.phi[row] ?? null;
    if (features === null) return false;
    const indices: number[] = [];
    const values: number[] = [];
    features.indices.forEach((feature, at) => {
      const place = this.places.get(feature);
      if (place === undefined) return;
      indices.push(place);
      values.push(features.values[at] ?? 0);
    });
    equations.add({ indices, values }, this.targetOf(row), sign * this.weightOf(row));
    return true;
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
