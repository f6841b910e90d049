/**
 * The items that a network has not learned and that its content map places: their vectors, biases and until when each may be
 * answered. Made for one version and only ever extended, so that an answer under way keeps the rows that it scored: an item that
 * goes keeps its row and may not be answered, one that comes back or changes takes it again. A new version begins anew.
 */
import type { LiveNetwork } from '../memory/network-source.js';
import { contentMapOf } from '../model/checkpoint.js';
import type { ContentMap, ItemContent, PlacedItem } from '../model/content.js';
import { scoreAll } from '../model/rank.js';
import { cosines, lengthOf } from './cosine.js';

const firstCapacity = 1_024;

export class PlacedItems {
  readonly version: number;
  readonly ids: string[] = [];
  /** index as in `ids` */
  readonly until: number[] = [];
  readonly map: ContentMap | null;
  private readonly width: number;
  private readonly indices = new Map<string, number>();
  private vectors: Float32Array; //                             [capacity d]
  private biases: Float32Array; //                              [capacity]
  /** lengths of the vectors, index as in `ids` */
  private readonly sizes: number[] = [];

  constructor({ version, network }: Pick<LiveNetwork, 'version' | 'network'>) {
    this.version = version;
    this.map = contentMapOf(network.checkpoint);
    this.width = network.dimensions.width;
    this.vectors = new Float32Array(firstCapacity * this.width);
    this.biases = new Float32Array(firstCapacity);
  }

  /** Places an item anew; one of which nothing is known, or which is no longer to be answered, leaves the answers. */
  put(id: string, until: number, content: ItemContent | null): void {
    const placed = content === null || until === -Infinity ? null : (this.map?.place(content) ?? null);
    const present = this.indices.get(id);
    if (placed === null) {
      if (present !== undefined) this.until[present] = -Infinity;
      return;
    }
    const index = present ?? this.ids.push(id) - 1;
    this.indices.set(id, index);
    this.until[index] = until;
    this.store(index, placed);
  }

  /** Of an item that has a place now, E' [d]. */
  vectorOf(id: string): Float32Array | null {
    const index = this.indices.get(id);
    if (index === undefined || this.until[index] === -Infinity) return null;
    return this.vectorAt(index);
  }

  /** u . E' + b of each, in the order of `ids`. */
  scores(u: Float32Array): Float32Array {
    const { length } = this.ids;
    return scoreAll(
      { vectors: this.vectors.subarray(0, length * this.width), bias: this.biases.subarray(0, length) },
      u,
    );
  }

  /** u . E' + b of one, the number that `scores` has for it; null: it has no place now. */
  scoreOf(id: string, u: Float32Array): number | null {
    const vectors = this.vectorOf(id);
    const index = this.indices.get(id);
    if (vectors === null || index === undefined) return null;
    return scoreAll({ vectors, bias: this.biases.subarray(index, index + 1) }, u)[0] as number;
  }

  /** The cosine of each vector with a direction, in the order of `ids`. */
  cosines(direction: Float32Array): Float32Array {
    return cosines(this.sizes, (index) => this.vectorAt(index), direction);
  }

  private vectorAt(index: number): Float32Array {
    return this.vectors.subarray(index * this.width, (index + 1) * this.width);
  }

  private store(index: number, { vector, bias }: PlacedItem): void {
    if (index === this.biases.length) {
      this.vectors = extended(this.vectors);
      this.biases = extended(this.biases);
    }
    this.vectors.set(vector, index * this.width);
    this.biases[index] = bias;
    this.sizes[index] = lengthOf(vector);
  }
}

function extended(numbers: Float32Array): Float32Array {
  const longer = new Float32Array(2 * numbers.length);
  longer.set(numbers);
  return longer;
}
