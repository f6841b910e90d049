/**
 * Where somebody stands under the live network: the state that his memory holds, or that the steps make of a visitor's list; or why
 * there is none to answer by. A visitor's list is encoded by the same steps as a user's log, and nothing of it is stored.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { PinnedSlots } from '../memory/pinned-slots.js';
import { sequenceOf } from '../memory/trace.js';
import { decodeState, emptyState, type UserState } from '../model/user-state.js';
import { countInteractions, itemsOf } from '../storage/interaction-read.store.js';
import type { SeenBy } from '../storage/item-read.store.js';
import { readMemory } from '../storage/user-memory-read.store.js';
import { noMemory, type FallbackReason, type Reasons } from './answer.js';
import { because } from './because.js';
import { Catalogue } from './catalogue.js';
import type { Context, SeenWish } from './wish.js';

/** What a visitor did. */
export interface SessionInteraction {
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date | null;
}

/** What is known of somebody, whether or not a network can say more of him. */
export interface Known {
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: Date | null;
  readonly awaitsReplay: boolean;
}

/** What he has seen: by the log of a user, or in a visitor's list. */
export interface Seen {
  readonly seenBy: SeenBy | null;
  readonly items: ReadonlySet<string>;
}

/** The state that answers are made by. */
export interface Encoded {
  readonly live: LiveNetwork;
  readonly state: UserState;
  readonly source: 'MEMORY' | 'SESSION';
  /** why it is not what was asked for; null: it is */
  readonly fallbackReason: FallbackReason | null;
  readonly because: () => Promise<Reasons>;
}

export interface Standing {
  readonly known: Known;
  readonly seen: Seen;
  /** null: it is not known */
  readonly userId: string | null;
  /** or why there is none */
  readonly encoded: Encoded | FallbackReason;
}

/** Items of a user that are looked up at most, to find out whether the model knows any of them. */
const probedItems = 1_000;

@Injectable()
export class Standings {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: Catalogue,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async ofUser(userId: string, wish: SeenWish | null, context: Context | null = null): Promise<Standing> {
    const standing = await this.byMemory(userId, wish, context);
    return context === null || typeof standing.encoded !== 'string'
      ? standing
      : { ...standing, encoded: this.byContext(context, standing.encoded, userId) };
  }

  private async byMemory(userId: string, wish: SeenWish | null, context: Context | null): Promise<Standing> {
    const tx = this.dataSource.manager;
    const seenBy = wish === null ? null : { userId, kinds: wish.kinds ?? this.seenKinds(), since: wish.since };
    const seen: Seen = { seenBy, items: new Set() };
    const live = this.networks.forUser(userId);
    const memory = live === null ? null : await readMemory(tx, live.version, userId);
    if (live === null || memory === null) {
      const interactionsSeen = await countInteractions(tx, userId);
      const reason = live === null ? 'NO_MODEL' : interactionsSeen === 0 ? 'UNKNOWN_USER' : 'NO_MEMORY_YET';
      return { known: { interactionsSeen, ...noMemory }, seen, userId, encoded: reason };
    }
    const state = decodeState(live.network.dimensions, memory.state);
    const { interactionsApplied: interactionsSeen, updatedAt: memoryUpdatedAt, awaitsReplay } = memory;
    const known = { interactionsSeen, memoryUpdatedAt, awaitsReplay };
    if (!(await this.holdsKnownItem(live, userId, state))) return { known, seen, userId, encoded: 'NO_KNOWN_ITEMS' };
    if (context !== null) {
      const pins = await PinnedSlots.read(tx, live.version, [userId]);
      const pinned = pins.at(userId, { occurredAt: context.time.getTime() });
      lookAt(live, state, context, memory.lastOccurredAt, pinned);
    }
    const encoded: Encoded = {
      ...{ live, state, source: 'MEMORY', fallbackReason: null },
      because: async () => {
        const { steps, start } = await sequenceOf(tx, userId, live);
        return because(live.network, this.catalogue.placedFor(live), steps, start);
      },
    };
    return { known, seen, userId, encoded };
  }

  /** `sequence`: the oldest first. */
  ofSession(sequence: readonly SessionInteraction[], wish: SeenWish | null, context: Context | null = null): Standing {
    const standing = {
      known: { interactionsSeen: sequence.length, ...noMemory },
      seen: { seenBy: null, items: new Set(this.seenIn(sequence, wish)) },
      userId: null,
    };
    const live = this.networks.current();
    if (live === null) return { ...standing, encoded: 'NO_MODEL' };
    const orByContext = (reason: FallbackReason): Standing => ({
      ...standing,
      encoded: context === null ? reason : this.byContext(context, reason),
    });
    if (sequence.length === 0) return orByContext('NO_INTERACTIONS');
    const { rows, ...kindsAndGaps } = live.network.eventsOf(sequence);
    if (rows.every((row) => row === 0)) return orByContext('NO_KNOWN_ITEMS');
    const { state } = live.network.trace(rows, kindsAndGaps);
    if (context !== null) lookAt(live, state, context, sequence.at(-1)?.occurredAt ?? null);
    const encoded: Encoded = {
      ...{ live, state, source: 'SESSION', fallbackReason: null },
      because: () => because(live.network, this.catalogue.placedFor(live), sequence),
    };
    return { ...standing, encoded };
  }

  /** Of whom nothing else is known, by what he looks at alone; `reason` why it is that. */
  private byContext(context: Context, reason: FallbackReason, userId: string | null = null): Encoded | FallbackReason {
    const live = userId === null ? this.networks.current() : this.networks.forUser(userId);
    if (live === null || live.network.vocabulary.rowOf(context.itemId) === 0) return reason;
    const state = emptyState(live.network.dimensions);
    lookAt(live, state, context, null);
    const because = () => Promise.resolve({ of: () => [] });
    return { live, state, source: 'SESSION', fallbackReason: reason, because };
  }

  /** Items of a visitor's list that are left out; what has no time is as good as now. */
  private seenIn(sequence: readonly SessionInteraction[], seen: SeenWish | null): readonly string[] {
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

/** One more step, in place. An item that the network has not learned says nothing. */
function lookAt(
  { network }: LiveNetwork,
  state: UserState,
  { itemId, time }: Context,
  before: Date | null,
  pinned: readonly number[] = [],
): void {
  const previous = before?.getTime() ?? null;
  const { rows, kinds, gaps } = network.eventsOf([{ itemId, kind: 'view', occurredAt: time }], previous);
  const [row = 0] = rows;
  if (row > 0) network.stepTraced(state, row, kinds[0], gaps[0], pinned);
}
