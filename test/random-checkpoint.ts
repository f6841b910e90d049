/** Checkpoints with random weights: a network of the right form for tests of what is around it. The same seed gives the same bytes. */
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { encodeCheckpoint, type Checkpoint, type Tensor } from '../src/model/checkpoint.js';
import { ContentFeatures, type ContentNames } from '../src/model/content.js';
import type { Dimensions } from '../src/model/dimensions.js';
import { integers, tensorsOf } from '../src/model/tensors.js';
import { Vocabulary } from '../src/model/vocabulary.js';
import { chunkBytes, insertModel, insertModelChunk } from '../src/storage/model.store.js';

export interface RandomOptions {
  readonly seed?: number;
  readonly width?: number;
  readonly slots?: number;
  readonly blocks?: number;
  readonly heads?: number;
  /** names; none: switched off */
  readonly kinds?: readonly string[];
  readonly gaps?: number;
  readonly outputLength?: number;
  /** how many; item n has number n modulo it */
  readonly attributes?: number;
  /** what places items outside of the vocabulary; left out: nothing does */
  readonly content?: ContentNames;
}

export function randomCheckpoint(itemIds: readonly string[], options: RandomOptions = {}): Checkpoint {
  const {
    seed = 1,
    width = 8,
    slots = 2,
    blocks = 1,
    heads = 1,
    kinds = [],
    gaps = 0,
    outputLength = 0,
    attributes = 0,
    content,
  } = options;
  const names = Array.from({ length: attributes }, (_, n) => `attribute ${n}`);
  const features = content === undefined ? 0 : new ContentFeatures(names, content).size;
  const sizes = { width, slots, blocks, items: itemIds.length, attributes };
  const dimensions: Dimensions = { ...sizes, heads, kinds: kinds.length, gaps, outputLength };
  const random = uniform(seed);
  const tensors = new Map<string, Tensor>();
  for (const [name, sizes] of tensorsOf(dimensions, features)) {
    const shape = sizes.map((size) => size ?? 0); // no transitions
    const count = shape.reduce((product, size) => product * size, 1);
    const data = integers.has(name)
      ? new Int32Array(count)
      : Float32Array.from({ length: count }, () => (name.endsWith('.gain') ? 1 : random() - 0.5));
    if (name === 'item.embedding' || name === 'kind.embedding') data.fill(0, 0, width); // the unknown item, the unknown kind
    tensors.set(name, { shape, data });
  }
  if (attributes > 0) {
    const offsets = Int32Array.from({ length: itemIds.length + 2 }, (_, row) => Math.max(0, row - 1));
    const ids = Int32Array.from(itemIds, (_, item) => item % attributes);
    tensors.set('item.attribute.offsets', { shape: [offsets.length], data: offsets });
    tensors.set('item.attribute.ids', { shape: [ids.length], data: ids });
  }
  return {
    dimensions,
    vocabulary: new Vocabulary(itemIds),
    attributes: names,
    kinds,
    blend: { weight: 0, scale: 1, placePower: 1, repeat: 0 },
    content,
    tensors,
  };
}

/** Stores a checkpoint as a training run would; returns its version. */
export async function storeCheckpoint(dataSource: DataSource, checkpoint: Checkpoint): Promise<number> {
  const bytes = encodeCheckpoint(checkpoint);
  return dataSource.transaction(async (tx) => {
    const version = await insertModel(tx, {
      status: 'CANDIDATE',
      dimensions: checkpoint.dimensions,
      hyperparameters: {},
      dataWindow: {
        lastArrival: '0',
        interactions: 0,
        users: 0,
        items: checkpoint.dimensions.items,
        firstOccurredAt: '',
        lastOccurredAt: '',
      },
      metrics: { testedUsers: 0 },
      seed: 1,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      byteLength: bytes.length,
    });
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      await insertModelChunk(tx, version, start / chunkBytes, bytes.subarray(start, start + chunkBytes));
    }
    return version;
  });
}

/** Numbers in [0, 1) by mulberry32. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
