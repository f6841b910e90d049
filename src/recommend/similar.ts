/**
 * Items near an item: cosine in the live model's folded item table E' = E + A a(.), so that what users do and what items are both
 * count. An item that the model has not learned stands in it where its content places it; one of which it knows nothing is answered
 * with what is popular.
 */
import { Inject, Injectable } from '@nestjs/common';
import { joinedRanking, rankingOf } from '../model/item-ranking.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { noMemory, type Answer, type Candidate } from './answer.js';
import { Answering, noReason, type Asked, type Scored } from './answering.js';
import { scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import type { Wish } from './wish.js';

@Injectable()
export class SimilarItems {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly answering: Answering,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  async to(itemId: string, { first, wanted }: Pick<Wish, 'first' | 'wanted'>): Promise<Answer> {
    const live = this.networks.current();
    const selection = this.catalogue.held.selectionOf(wanted);
    const exclusion = { seenBy: null, items: new Set<string>(), besides: itemId, selection };
    const asked: Asked = { first, rules: null, exclusion, userId: null };
    if (live === null) return this.answering.fallback('NO_MODEL', asked);
    const placed = this.catalogue.placedFor(live);
    const vector = this.catalogue.vectorOf(live, itemId);
    if (vector === null) return this.answering.fallback('UNKNOWN_ITEM', asked);
    const [learned] = live.network.nearest([vector]);
    const ranking =
      placed === null
        ? learned
        : joinedRanking(learned, live.network.dimensions.items, rankingOf(placed.cosines(vector)));
    const scored: Scored = {
      of: (count, passing, boosts) =>
        scoredCandidates(ranking, this.catalogue.itemsFor(live, placed, passing, boosts), Date.now(), 'MODEL', count),
      vectorOf: (other) => this.catalogue.vectorOf(live, other),
    };
    return this.answering.filled(scored, asked, {
      source: 'MODEL',
      fallbackReason: null,
      modelVersion: live.version,
      interactionsSeen: 0,
      ...noMemory,
      because: noReason,
    });
  }

  /** For each direction, a slot's or so, the learned items that lie nearest to it, the nearest first; hidden and deleted ones are not among them. */
  async nearest(
    live: LiveNetwork,
    directions: readonly Float32Array[],
    count: number,
  ): Promise<readonly (readonly Candidate[])[]> {
    const items = this.catalogue.itemsFor(live, null);
    const now = Date.now();
    const isCandidate = (row: number): boolean => items.untilOf(row) > now; // one for all: they are found together
    const rankings = live.network.nearest(directions);
    const best = await Promise.all(rankings.map(async (ranking) => ranking.best(count, isCandidate)));
    return best.map((rows) =>
      rows
        .filter(({ score }) => score > 0)
        .map(({ row, score }) => ({ itemId: items.idOf(row), score, source: 'MODEL' })),
    );
  }
}
