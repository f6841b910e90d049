/**
 * What is remembered of a user, readable: each slot (`slot-profile`), and the items and categories that the memory holds most of.
 * A network without slots has none of it to show.
 *
 * The profile is made by replaying the user's log, see `trace`; so that of an instant is the same of what had happened by then, as the
 * log tells it now: what was forgotten was never there, and what came late was there when it happened.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { sequenceOf, trace, type Sequence } from '../memory/trace.js';
import { overHeads } from '../model/attribution.js';
import { countInteractions } from '../storage/interaction-read.store.js';
import { readMemory } from '../storage/user-memory-read.store.js';
import type { FallbackReason } from './answer.js';
import { Catalogue } from './catalogue.js';
import { categoriesOf } from './categories.js';
import { sharesOfCategories, sumBy, top, type CategoryShare, type ItemShare } from './shares.js';
import { SimilarItems } from './similar.js';
import { SlotHistories } from './slot-history.js';
import { categorisedItems, slotProfile, type SlotProfile } from './slot-profile.js';

const topCount = 10;
/** Items nearest to a slot at a moment of its history. */
const nearestItems = 3;

export interface MemoryProfile {
  readonly userId: string;
  readonly slots: readonly SlotProfile[];
  readonly topItems: readonly ItemShare[];
  readonly topCategories: readonly CategoryShare[];
  readonly interactionsApplied: number;
  readonly lastOccurredAt: Date | null;
  readonly modelVersion: number | null;
  readonly updatedAt: Date | null;
  /** why there is nothing to show */
  readonly emptyReason: FallbackReason | null;
}

/** What a profile says beside what is read off the replay. */
type Known = Pick<MemoryProfile, 'interactionsApplied' | 'lastOccurredAt' | 'updatedAt'>;

@Injectable()
export class Profiles {
  constructor(
    private readonly dataSource: DataSource,
    private readonly similar: SimilarItems,
    private readonly catalogue: Catalogue,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  /** `asOf`: of what had happened by then, that instant included; null: of the memory as it is. */
  async of(userId: string, asOf: Date | null = null): Promise<MemoryProfile> {
    const tx = this.dataSource.manager;
    const live = this.networks.forUser(userId);
    if (live === null) return emptyProfile(userId, 'NO_MODEL', null);
    const [known, sequence] = await Promise.all([
      asOf === null ? readMemory(tx, live.version, userId) : this.replayedAt(userId, asOf),
      sequenceOf(tx, userId, live, asOf),
    ]);
    const isEmpty = sequence.steps.length === 0;
    if (known !== null && !isEmpty) return this.profileOf(live, userId, sequence, known);
    if (!isEmpty) return emptyProfile(userId, 'NO_MEMORY_YET', live.version);
    const isStranger = asOf === null || (await countInteractions(tx, userId)) === 0;
    return emptyProfile(userId, isStranger ? 'UNKNOWN_USER' : 'NO_INTERACTIONS', live.version);
  }

  /** No memory was written then: it is what the replay gives. */
  private async replayedAt(userId: string, asOf: Date): Promise<Known> {
    const interactionsApplied = await countInteractions(this.dataSource.manager, userId, asOf);
    return { interactionsApplied, lastOccurredAt: null, updatedAt: null };
  }

  private async profileOf(
    live: LiveNetwork,
    userId: string,
    { steps: sequence, start, pinnedSince }: Sequence,
    { interactionsApplied, lastOccurredAt, updatedAt }: Known,
  ): Promise<MemoryProfile> {
    const { network } = live;
    const { state, attention, gates, shares } = await trace(network, sequence, start);
    const { heads, slots } = network.dimensions;
    const meanOf = (values: readonly Float32Array[]) => values.map((one) => overHeads(one, heads)); // [T H S] -> [T S]
    const fill = { sequence, gates: meanOf(gates), shares: meanOf(shares) };
    const attended = network.attribution(gates, attention);
    const byItem = sumBy((slots === 0 ? [] : sequence).map(({ itemId }, place) => [itemId, attended[place] ?? 0]));
    const nearest = await this.similar.nearest(live, network.directions(state), categorisedItems);
    const itemIds = new Set([...byItem.keys(), ...nearest.flat().map(({ itemId }) => itemId)]);
    const categories = await categoriesOf(this.dataSource.manager, this.catalogue.held.columns, itemIds);
    const before = interactionsApplied - sequence.length;
    const histories = new SlotHistories(network, { steps: sequence, start }, before, async (directions) => {
      const items = await this.similar.nearest(live, directions, nearestItems);
      return items.map((nearest) => nearest.map(({ itemId }) => itemId));
    });
    const byCategory = sumBy(
      [...byItem].flatMap(([itemId, share]) => sharesOfCategories(categories.get(itemId), share)),
    );
    return {
      userId,
      slots: Array.from(overHeads(attention, heads), (weight, slot) => ({
        ...slotProfile(slot, fill, nearest[slot] ?? [], categories),
        weight,
        pinnedSince: pinnedSince.get(slot) ?? null,
        history: async (moments) => histories.of(slot, moments),
      })),
      topItems: top(byItem, topCount).map(([itemId, share]) => ({ itemId, share })),
      topCategories: top(byCategory, topCount).map(([category, share]) => ({ category, share })),
      interactionsApplied,
      lastOccurredAt: lastOccurredAt ?? sequence.at(-1)?.occurredAt ?? null,
      modelVersion: live.version,
      updatedAt,
      emptyReason: null,
    };
  }
}

function emptyProfile(userId: string, emptyReason: FallbackReason, modelVersion: number | null): MemoryProfile {
  const nothing = { slots: [], topItems: [], topCategories: [], interactionsApplied: 0 };
  return { userId, ...nothing, lastOccurredAt: null, modelVersion, updatedAt: null, emptyReason };
}
