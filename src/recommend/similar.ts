/**
 * Items near an item: cosine in the live model's folded item table E' = E + A a(.), so that what users do and what items are both
 * count. An item that the model has not learned stands in it where its content places it; one of which it knows nothing is answered
 * with what is popular.
 */
import { Inject, Injectable } from '@nestjs/common';
import { joinedRanking, rankingOf } from '../model/item-ranking.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import type { Answer, Candidate } from './answer.js';
import { Answering, noReason } from './answering.js';
import { scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { excludeNothing, type Exclusion } from './eligibility.js';

@Injectable()
export class SimilarItems {
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
    const learned = live.network.nearest(vector);
    const ranking =
      placed === null
        ? learned
        : joinedRanking(learned, live.network.dimensions.items, rankingOf(placed.cosines(vector)));
    const candidates = scoredCandidates(ranking, this.catalogue.itemsFor(live, placed), Date.now(), 'MODEL', first);
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
    const ranking = live.network.nearest(direction);
    const [batch = []] = scoredCandidates(ranking, this.catalogue.itemsFor(live, null), Date.now(), 'MODEL', count);
    return batch.slice(0, count).filter(({ score }) => score > 0);
  }
}
