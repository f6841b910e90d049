/**
 * How a user's slots came to hold what they hold: the log is replayed, and looked at in a few moments that lie evenly over the
 * interactions, the last of them now. Made for all slots together, and once for as many moments as are asked for.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { trace, type Sequence } from '../memory/trace.js';
import { overHeads } from '../model/attribution.js';
import type { Network } from '../model/network.js';

/** What a slot was after one of the interactions. */
export interface SlotMoment {
  readonly occurredAt: Date;
  /** how many interactions the memory was made of */
  readonly interactionsApplied: number;
  readonly weight: number;
  /** items, the nearest first */
  readonly nearest: readonly string[];
}

export class SlotHistories {
  private readonly made = new Map<number, Promise<readonly (readonly SlotMoment[])[]>>();

  /** `before`: interactions that lie before the sequence; `nearestTo`: the items nearest to each of the slots' directions. */
  constructor(
    private readonly network: Network,
    private readonly sequence: Pick<Sequence, 'steps' | 'start'>,
    private readonly before: number,
    private readonly nearestTo: (directions: readonly Float32Array[]) => Promise<readonly (readonly string[])[]>,
  ) {}

  /** The oldest moment first; fewer where there are fewer interactions. */
  async of(slot: number, count: number): Promise<readonly SlotMoment[]> {
    const known = this.made.get(count) ?? this.make(count);
    this.made.set(count, known);
    return (await known).flatMap((slots) => slots[slot] ?? []);
  }

  /** [moments S] */
  private async make(count: number): Promise<readonly (readonly SlotMoment[])[]> {
    const { network } = this;
    const { steps, start } = this.sequence;
    const { length } = steps;
    const places = new Set(Array.from({ length: count }, (_, at) => Math.ceil(((at + 1) * length) / count) - 1));
    const { moments } = await trace(network, steps, start, places);
    const all: SlotMoment[][] = [];
    for (const [place, state] of moments) {
      const step = steps[place];
      if (step === undefined) throw new Error('unreachable: the places lie in the sequence');
      const weights = overHeads(network.attention(state), network.dimensions.heads);
      const nearestOfSlots = await this.nearestTo(network.directions(state));
      all.push(
        nearestOfSlots.map((nearest, slot) => ({
          occurredAt: step.occurredAt,
          interactionsApplied: this.before + place + 1,
          weight: weights[slot] ?? 0,
          nearest,
        })),
      );
      await nextTurn();
    }
    return all;
  }
}
