/**
 * The answer path. A known user costs one read of the memory, one scan of the item table and one statement for the items:
 *
 *   memory of the live version -> state -> scores of all items -> candidates, best first -> those that may be answered
 *
 * All items are those that the network has learned and those that their content places.
 *
 * A user without memory, a visitor's list and a model that is not there yet get an answer too, see `answering`.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { sequenceOf } from '../memory/trace.js';
import { joinedRanking, rankingOf } from '../model/item-ranking.js';
import { decodeState, type UserState } from '../model/user-state.js';
import { countInteractions, itemsOf } from '../storage/interaction-read.store.js';
import { readMemory } from '../storage/user-memory-read.store.js';
import type { Answer, Source } from './answer.js';
import { Answering, type Asked, type Scored } from './answering.js';
import { because } from './because.js';
import { scoredCandidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import type { Exclusion } from './eligibility.js';
import type { SeenWish, Wish } from './wish.js';

/** What a visitor did. */
export interface SessionInteraction {
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date | null;
}

/** Items of a user that are looked up at most, to find out whether the model knows any of them. */
const probedItems = 1_000;

@Injectable()
export class Recommender {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: Catalogue,
    private readonly answering: Answering,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async forUser(userId: string, wish: Wish): Promise<Answer> {
    const tx = this.dataSource.manager;
    const { seen } = wish;
    const seenBy = seen === null ? null : { userId, kinds: seen.kinds ?? this.seenKinds(), since: seen.since };
    const exclusion = { ...this.unseen(wish), seenBy };
    const asked: Asked = { ...wish, exclusion, userId };
    const live = this.networks.current();
    const memory = live === null ? null : await readMemory(tx, live.version, userId);
    if (live === null || memory === null) {
      const interactionsSeen = await countInteractions(tx, userId);
      const reason = live === null ? 'NO_MODEL' : interactionsSeen === 0 ? 'UNKNOWN_USER' : 'NO_MEMORY_YET';
      return this.answering.fallback(reason, asked, { interactionsSeen, memoryUpdatedAt: null });
    }
    const state = decodeState(live.network.dimensions, memory.state);
    const known = { interactionsSeen: memory.interactionsApplied, memoryUpdatedAt: memory.updatedAt };
    if (!(await this.holdsKnownItem(live, userId, state))) {
      return this.answering.fallback('NO_KNOWN_ITEMS', asked, known);
    }
    return this.answering.filled(this.scored(live, state, 'MEMORY'), asked, {
      source: 'MEMORY',
      fallbackReason: null,
      modelVersion: live.version,
      ...known,
      because: async () => because(live.network, this.catalogue.placedFor(live), await sequenceOf(tx, userId)),
    });
  }

  /** For a visitor: the list, the oldest first, is encoded by the steps that encode a user, and nothing is stored. */
  async forSession(sequence: readonly SessionInteraction[], wish: Wish): Promise<Answer> {
    const asked: Asked = {
      ...wish,
      exclusion: { ...this.unseen(wish), items: new Set(this.seenOf(sequence, wish.seen)) },
      userId: null,
    };
    const known = { interactionsSeen: sequence.length, memoryUpdatedAt: null };
    const live = this.networks.current();
    if (live === null) return this.answering.fallback('NO_MODEL', asked, known);
    if (sequence.length === 0) return this.answering.fallback('NO_INTERACTIONS', asked, known);
    const { rows, ...context } = live.network.eventsOf(sequence);
    if (rows.every((row) => row === 0)) return this.answering.fallback('NO_KNOWN_ITEMS', asked, known);
    const { state } = live.network.trace(rows, context);
    return this.answering.filled(this.scored(live, state, 'SESSION'), asked, {
      source: 'SESSION',
      fallbackReason: null,
      modelVersion: live.version,
      ...known,
      because: () => because(live.network, this.catalogue.placedFor(live), sequence),
    });
  }

  private scored(live: LiveNetwork, state: UserState, source: Source): Scored {
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

  private unseen({ wanted }: Wish): Exclusion {
    return { seenBy: null, items: new Set(), besides: null, selection: this.catalogue.held.selectionOf(wanted) };
  }

  /** Items of a visitor's list that are left out; what has no time is as good as now. */
  private seenOf(sequence: readonly SessionInteraction[], seen: SeenWish | null): readonly string[] {
    if (seen === null) return [];
    const kinds = new Set(seen.kinds ?? this.seenKinds());
    const since = seen.since?.getTime() ?? -Infinity;
    return sequence
      .filter(({ kind, occurredAt }) => kinds.has(kind) && (occurredAt?.getTime() ?? Infinity) >= since)
      .map(({ itemId }) => itemId);
  }

  /** A memory of nothing but items that the model doesn't know is no reason for an answer. */
  private async holdsKnownItem({ network }: LiveNetwork, userId: string, state: UserState): Promise<boolean> {
    if (state.recent.some((row) => row > 0)) return true;
    const items = await itemsOf(this.dataSource.manager, userId, probedItems);
    return items.some((itemId) => network.vocabulary.rowOf(itemId) > 0);
  }

  private seenKinds(): readonly string[] {
    return Object.entries(this.config.kinds).flatMap(([kind, rule]) => (rule.seen ? [kind] : []));
  }
}
