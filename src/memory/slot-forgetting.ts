/**
 * Forgets what fills a slot. What that is, exactly: with w_t[s] the share of interaction t in slot s, the mean over the heads (see
 * `attribution`), the interactions with the largest w_t[s], of equals the newest, as few of them as together make up the wanted part of the sum
 * of w_t[s] over all. They are forgotten as by their ids: the memory then is a replay of the log without them, in which every slot,
 * this one too, is filled by what is left.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { overHeads } from '../model/attribution.js';
import type { SequenceStep } from '../storage/interaction-read.store.js';
import type { Actor } from './audit.js';
import { Forgetting } from './forgetting.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from './network-source.js';
import { sequenceOf, trace } from './trace.js';

/** An interaction and its share of one slot. */
export interface SlotInteraction extends SequenceStep {
  readonly share: number;
}

export interface ForgottenSlot {
  /** what fills the slot, the largest share first */
  readonly interactions: readonly SlotInteraction[];
  /** how many of them left the log */
  readonly count: number;
  /** whose slot it is */
  readonly modelVersion: number;
}

export interface SlotSelection {
  readonly slot: number;
  /** more than 0, at most 1 */
  readonly part: number;
}

const everySelection = { ids: null, itemIds: null, kinds: null, from: null, until: null };

@Injectable()
export class SlotForgetting {
  constructor(
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
    private readonly forgetting: Forgetting,
  ) {}

  /** `isTried`: only tells what would be forgotten. Throws BAD_INPUT where there is no such slot. */
  async forgetSlot(by: Actor, userId: string, selection: SlotSelection, isTried = false): Promise<ForgottenSlot> {
    const { interactions, modelVersion } = await this.fillOf(userId, selection);
    if (isTried || interactions.length === 0) return { interactions, count: 0, modelVersion };
    const chosen = { ...everySelection, ids: interactions.map(({ id }) => id) };
    const { count } = await this.forgetting.forgetInteractions(by, userId, chosen, 'FORGET_SLOT');
    return { interactions, count, modelVersion };
  }

  private async fillOf(userId: string, { slot, part }: SlotSelection): Promise<Omit<ForgottenSlot, 'count'>> {
    await this.networks.refresh();
    const live = this.networks.forUser(userId);
    if (live === null) throw noSlots();
    checkSlot(live, slot);
    const { heads } = live.network.dimensions;
    const { steps: sequence } = await sequenceOf(this.dataSource.manager, userId, live);
    if (sequence.length === 0) return { interactions: [], modelVersion: live.version };
    const { shares } = await trace(live.network, sequence);
    const fill = sequence.map((step, place) => ({ ...step, share: shareOf(shares[place], heads, slot) }));
    return { interactions: fewestThatFill(fill, part), modelVersion: live.version };
  }
}

/** No model serves. */
export function noSlots(): RecollectError {
  return new RecollectError('BAD_INPUT', 'no model serves yet, so no memory has slots');
}

/** Throws BAD_INPUT where the live model has no such slot. */
export function checkSlot({ network }: LiveNetwork, slot: number): void {
  const { slots } = network.dimensions;
  if (Number.isInteger(slot) && slot >= 0 && slot < slots) return;
  const there = slots === 0 ? 'the live model has no slots' : `the live model has slots 0 to ${slots - 1}`;
  const message = `slot: must be a slot of the memory, not ${slot}: ${there}`;
  throw new RecollectError('BAD_INPUT', message, { field: 'slot' });
}

function shareOf(shares: Float32Array | undefined, heads: number, slot: number): number {
  return (shares === undefined ? undefined : overHeads(shares, heads)[slot]) ?? 0;
}

/** `fill` has the oldest first. */
export function fewestThatFill(fill: readonly SlotInteraction[], part: number): readonly SlotInteraction[] {
  const largestFirst = fill.toReversed().sort((one, other) => other.share - one.share);
  const wanted = part * largestFirst.reduce((sum, { share }) => sum + share, 0);
  let filled = 0;
  const enough = largestFirst.findIndex(({ share }) => (filled += share) >= wanted);
  return largestFirst.slice(0, enough + 1).filter(({ share }) => share > 0);
}
