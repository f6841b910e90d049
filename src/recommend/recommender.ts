/**
 * The answer path. A known user costs one read of the memory, one scan of the item table and one statement for the items:
 *
 *   memory of the live version -> state -> scores of all items -> candidates, best first -> those that may be answered
 *
 * All items are those that the network has learned and those that their content places.
 *
 * A user without memory, a visitor's list and a model that is not there yet get an answer too, see `standing` and `answering`.
 */
import { Injectable } from '@nestjs/common';
import { joinedRanking, rankingOf } from '../model/item-ranking.js';
import type { Answer } from './answer.js';
import { Answering, noReason, type Asked, type Scored } from './answering.js';
import { scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { Pages, type Page, type PagePlace } from './pages.js';
import { Standings, type Encoded, type SessionInteraction, type Standing } from './standing.js';
import type { Wish } from './wish.js';

@Injectable()
export class Recommender {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly answering: Answering,
    private readonly standings: Standings,
    private readonly pages: Pages,
  ) {}

  async forUser(userId: string, wish: Wish): Promise<Answer> {
    return this.answer(await this.standings.ofUser(userId, wish.seen, wish.context), wish);
  }

  /** For a visitor, by what he did, the oldest first. */
  async forSession(sequence: readonly SessionInteraction[], wish: Wish): Promise<Answer> {
    return this.answer(this.standings.ofSession(sequence, wish.seen, wish.context), wish);
  }

  /** The next page of an answer. */
  async onward(
    who: { readonly userId: string } | { readonly sequence: readonly SessionInteraction[] },
    place: PagePlace,
    request: string,
    { first, seen: wish, wanted, context }: Wish,
  ): Promise<Page> {
    const { seen, encoded } =
      'userId' in who ? await this.standings.ofUser(who.userId, wish) : this.standings.ofSession(who.sequence, wish);
    const exclusion = { ...seen, besides: context?.itemId ?? null, selection: this.catalogue.held.selectionOf(wanted) };
    return this.pages.next(place, request, first, exclusion, typeof encoded === 'string' ? noReason : encoded.because);
  }

  private async answer({ known, seen, userId, encoded }: Standing, wish: Wish): Promise<Answer> {
    const selection = this.catalogue.held.selectionOf(wish.wanted);
    const asked: Asked = { ...wish, exclusion: { ...seen, besides: wish.context?.itemId ?? null, selection }, userId };
    if (typeof encoded === 'string') return this.answering.fallback(encoded, asked, known);
    return this.answering.filled(this.scored(encoded), asked, {
      source: encoded.source,
      fallbackReason: encoded.fallbackReason,
      modelVersion: encoded.live.version,
      ...known,
      because: encoded.because,
    });
  }

  private scored({ live, state, source }: Encoded): Scored {
    const u = live.network.query(state);
    const placed = this.catalogue.placedFor(live);
    const learned = live.network.ranking(state, u);
    const ranking =
      placed === null ? learned : joinedRanking(learned, live.network.dimensions.items, rankingOf(placed.scores(u)));
    return {
      of: (count, selection, boosts) => {
        const items = this.catalogue.itemsFor(live, placed, selection, boosts);
        return scoredCandidates(ranking, items, Date.now(), source, count);
      },
      vectorOf: (itemId) => this.catalogue.vectorOf(live, itemId),
    };
  }
}
