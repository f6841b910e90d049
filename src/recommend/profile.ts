/**
 * What is remembered of a user, readable: each slot with its weight, its clock and the interactions that fill it; where the
 * network has several heads, by the mean over them, see `attribution`. A network without slots has none of it to show.
 *
 *   weight of slot s       a[s], how much the present read looks at it
 *   half-life of slot s    ln 1/2 / ln f[s], f[s] the mean write gate of the last interactions: after so many more, half is left
 *   direction of slot s    W_o V[s], what the slot adds to the query; the items nearest to it are its label
 *
 * The profile is made by replaying the user's log, see `trace`.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import { sequenceOf, trace } from '../memory/trace.js';
import { overHeads } from '../model/attribution.js';
import type { SequenceStep } from '../storage/interaction-read.store.js';
import { loadItems, type ItemRow } from '../storage/item-read.store.js';
import { readMemory } from '../storage/user-memory-read.store.js';
import type { FallbackReason } from './answer.js';
import { SimilarItems } from './similar.js';

/** Interactions that a slot's clock is measured over. */
const clockInteractions = 50;
const shownInteractions = 5;
const nearestItems = 3;
const topCount = 10;

/** An interaction and its share of one slot. */
export interface SlotInteraction extends SequenceStep {
  readonly share: number;
}

export interface SlotProfile {
  readonly index: number;
  readonly weight: number;
  /** in interactions of this user; null: the slot fades too little to be measured */
  readonly halfLife: number | null;
  readonly interactions: readonly SlotInteraction[];
  /** asked for alone: a scan of all items */
  readonly nearest: () => readonly string[];
}

export interface ItemShare {
  readonly itemId: string;
  readonly share: number;
}

export interface CategoryShare {
  readonly category: string;
  readonly share: number;
}

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

@Injectable()
export class Profiles {
  constructor(
    private readonly dataSource: DataSource,
    private readonly similar: SimilarItems,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  async of(userId: string): Promise<MemoryProfile> {
    const tx = this.dataSource.manager;
    const live = this.networks.current();
    if (live === null) return emptyProfile(userId, 'NO_MODEL', null);
    const memory = await readMemory(tx, live.version, userId);
    const sequence = await sequenceOf(tx, userId);
    if (memory === null) {
      return emptyProfile(userId, sequence.length === 0 ? 'UNKNOWN_USER' : 'NO_MEMORY_YET', live.version);
    }
    const { state, attention, ...traced } = await trace(live.network, sequence);
    const { heads, slots } = live.network.dimensions;
    const directions = live.network.directions(state);
    const gates = traced.gates.map((keep) => overHeads(keep, heads)); //       [T S]
    const shares = traced.shares.map((share) => overHeads(share, heads)); //   [T S]
    const attended = live.network.attribution(traced.gates, attention);
    const read = slots === 0 ? [] : sequence;
    const byItem = sumBy(read.map(({ itemId }, place) => [itemId, attended[place] ?? 0]));
    const items = await loadItems(tx, [...byItem.keys()]);
    return {
      userId,
      slots: Array.from(overHeads(attention, heads), (weight, slot) => ({
        index: slot,
        weight,
        halfLife: halfLifeOf(gates, slot),
        interactions: fillOf(sequence, shares, slot),
        nearest: () => this.similar.nearest(live, directions[slot] ?? new Float32Array(), nearestItems),
      })),
      topItems: top(byItem).map(([itemId, share]) => ({ itemId, share })),
      topCategories: top(sumBy(items.flatMap((item) => sharesOfCategories(item, byItem.get(item.id) ?? 0)))).map(
        ([category, share]) => ({ category, share }),
      ),
      interactionsApplied: memory.interactionsApplied,
      lastOccurredAt: memory.lastOccurredAt,
      modelVersion: live.version,
      updatedAt: memory.updatedAt,
      emptyReason: null,
    };
  }
}

function emptyProfile(userId: string, emptyReason: FallbackReason, modelVersion: number | null): MemoryProfile {
  const nothing = { slots: [], topItems: [], topCategories: [], interactionsApplied: 0 };
  return { userId, ...nothing, lastOccurredAt: null, modelVersion, updatedAt: null, emptyReason };
}

function halfLifeOf(gates: readonly Float32Array[], slot: number): number | null {
  const recent = gates.slice(-clockInteractions);
  const keep = recent.reduce((sum, gate) => sum + (gate[slot] ?? 0), 0) / recent.length;
  const halfLife = Math.log(0.5) / Math.log(keep);
  return Number.isFinite(halfLife) ? halfLife : null;
}

/** The interactions that fill a slot most, the largest share first. */
function fillOf(
  sequence: readonly SequenceStep[],
  shares: readonly Float32Array[],
  slot: number,
): readonly SlotInteraction[] {
  return sequence
    .map((step, place) => ({ ...step, share: shares[place]?.[slot] ?? 0 }))
    .reverse()
    .sort((a, b) => b.share - a.share)
    .slice(0, shownInteractions);
}

function sharesOfCategories({ categories }: ItemRow, share: number): readonly (readonly [string, number])[] {
  return categories.map((category) => [category, share / categories.length]);
}

function sumBy(parts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, part] of parts) sums.set(name, (sums.get(name) ?? 0) + part);
  return sums;
}

function top(sums: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, topCount);
}
