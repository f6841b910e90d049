/**
 * Items near an item: cosine in the live model's folded item table E' = E + A a(.), so that what users do and what items are both
 * count. An item that the model has not learned stands in it where its content places it; one of which it knows nothing is answered
 * with what is popular.
 */
import { Inject, Injectable } from '@nestjs/common';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import type { Network } from '../model/network.js';
import type { Answer } from './answer.js';
import { Answering } from './answering.js';
import { joined, scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { excludeNothing, type Exclusion } from './eligibility.js';

@Injectable()
export class SimilarItems {
  /** lengths of the item vectors of a version; index row - 1 */
  private lengths: { readonly version: number; readonly of: Float32Array } | null = null;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly answering: Answering,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  async to(itemId: string, first: number): Promise<Answer> {
    const live = this.networks.current();
    const exclusion: Exclusion = { ...excludeNothing, besides: itemId };
    if (live === null) return this.answering.fallback('NO_MODEL', first, exclusion);
    const placed = this.catalogue.placedFor(live);
    const row = live.network.vocabulary.rowOf(itemId);
    const vector = row > 0 ? live.network.itemVector(row) : (placed?.vectorOf(itemId) ?? null);
    if (vector === null) return this.answering.fallback('UNKNOWN_ITEM', first, exclusion);
    const scores = joined(cosines(live.network, vector, this.lengthsOf(live)), placed?.cosines(vector));
    const candidates = scoredCandidates(scores, this.catalogue.itemsFor(live, placed), Date.now(), 'MODEL', first);
    return this.answering.filled(candidates, first, exclusion, {
      source: 'MODEL',
      fallbackReason: null,
      modelVersion: live.version,
      interactionsSeen: 0,
      memoryUpdatedAt: null,
      because: () => Promise.resolve([]),
    });
  }

  /** The learned items that lie nearest to a direction, the nearest first; hidden and deleted ones are not among them. */
  nearest(live: LiveNetwork, direction: Float32Array, count: number): readonly string[] {
    const scores = cosines(live.network, direction, this.lengthsOf(live));
    const [batch = []] = scoredCandidates(scores, this.catalogue.itemsFor(live, null), Date.now(), 'MODEL', count);
    return batch
      .slice(0, count)
      .filter(({ score }) => score > 0)
      .map(({ itemId }) => itemId);
  }

  private lengthsOf({ version, network }: LiveNetwork): Float32Array {
    if (this.lengths?.version !== version) {
      const of = Float32Array.from(network.vocabulary.ids, (_, index) => lengthOf(network.itemVector(index + 1)));
      this.lengths = { version, of };
    }
    return this.lengths.of;
  }
}

/** The cosine of each item's vector with a direction; index row - 1. A vector of length 0 is near to nothing. */
function cosines(network: Network, direction: Float32Array, lengths: Float32Array): Float32Array {
  const length = lengthOf(direction);
  return lengths.map((own, index) => {
    const vector = network.itemVector(index + 1);
    let dot = 0;
    for (let at = 0; at < vector.length; at += 1) dot += (vector[at] ?? 0) * (direction[at] ?? 0);
    return own === 0 || length === 0 ? 0 : dot / (own * length);
  });
}

function lengthOf(vector: Float32Array): number {
  return Math.hypot(...vector);
}
