/**
 * Items near an item: cosine in the live model's folded item table E' = E + A a(.), so that what users do and what items are both
 * count. An item that the model has not learned stands in it where its content places it; one of which it knows nothing is answered
 * with what is popular.
 */
import { Inject, Injectable } from '@nestjs/common';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import type { Answer, Candidate } from './answer.js';
import { Answering, noReason } from './answering.js';
import { joined, scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { cosines, lengthOf } from './cosine.js';
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
    const scores = joined(this.learnedCosines(live, vector), placed?.cosines(vector));
    const candidates = scoredCandidates(scores, this.catalogue.itemsFor(live, placed), Date.now(), 'MODEL', first);
    return this.answering.filled(candidates, first, exclusion, {
      source: 'MODEL',
      fallbackReason: null,
      modelVersion: live.version,
      interactionsSeen: 0,
      memoryUpdatedAt: null,
      because: noReason,
    });
  }

  /** The learned items that lie nearest to a direction, the nearest first; hidden and deleted ones are not among them. */
  nearest(live: LiveNetwork, direction: Float32Array, count: number): readonly Candidate[] {
    const scores = this.learnedCosines(live, direction);
    const [batch = []] = scoredCandidates(scores, this.catalogue.itemsFor(live, null), Date.now(), 'MODEL', count);
    return batch.slice(0, count).filter(({ score }) => score > 0);
  }

  /** Index row - 1. */
  private learnedCosines(live: LiveNetwork, direction: Float32Array): Float32Array {
    return cosines(this.lengthsOf(live), (index) => live.network.itemVector(index + 1), direction);
  }

  private lengthsOf({ version, network }: LiveNetwork): Float32Array {
    if (this.lengths?.version !== version) {
      const of = Float32Array.from(network.vocabulary.ids, (_, index) => lengthOf(network.itemVector(index + 1)));
      this.lengths = { version, of };
    }
    return this.lengths.of;
  }
}
