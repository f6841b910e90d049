/**
 * What the database must hold: a model of the write path in a few maps, written apart from the product. It is told of each commit at
 * the moment at which it happens, and says at once where one should not have been possible.
 */
import type { Fact, Lying } from './messages.js';

/** A partition of a topic, and how far it is. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface Batch extends Place {
  readonly ownerEpoch: bigint;
  readonly startOffset: bigint;
  readonly endOffset: bigint;
}

export interface Standing extends Place {
  readonly messages: Lying[];
  nextOffset: bigint;
  ownerEpoch: bigint;
}

export const keyOfFact = ({ userId, id }: Pick<Fact, 'userId' | 'id'>): string => JSON.stringify([userId, id]);

export class Expectation {
  readonly log = new Map<string, Fact>();
  /** the places that the events of the log came from, in the order of their offsets, by partition */
  readonly order = new Map<string, string[]>();
  readonly profiles = new Map<string, Readonly<Record<string, unknown>>>();
  readonly faults: string[] = [];
  private readonly standings = new Map<string, Standing>();

  get partitions(): readonly Standing[] {
    return [...this.standings.values()];
  }

  addPartition(place: Place): Standing {
    const standing = { ...place, messages: [], nextOffset: 0n, ownerEpoch: 0n };
    this.standings.set(nameOf(place), standing);
    return standing;
  }

  /** Somebody made itself the owner; `claimed` is what the database told it. */
  claimed(place: Place, claimed: { readonly nextOffset: bigint; readonly ownerEpoch: bigint }): void {
    const standing = this.standing(place);
    standing.ownerEpoch += 1n;
    const { nextOffset, ownerEpoch } = standing;
    if (claimed.nextOffset === nextOffset && claimed.ownerEpoch === ownerEpoch) return;
    this.faults.push(
      `the claim of ${nameOf(place)} gave offset ${claimed.nextOffset} and epoch ${claimed.ownerEpoch} for ${nextOffset} and ${ownerEpoch}`,
    );
  }

  /** The transaction of a batch was committed. */
  committed(batch: Batch): void {
    const standing = this.standing(batch);
    const what = `a batch of ${nameOf(batch)}, ${batch.startOffset} to ${batch.endOffset},`;
    if (batch.ownerEpoch !== standing.ownerEpoch)
      this.faults.push(`${what} was committed by the owner of epoch ${batch.ownerEpoch}, it is ${standing.ownerEpoch}`);
    if (batch.startOffset > standing.nextOffset)
      this.faults.push(`${what} was committed at ${standing.nextOffset}: it leaves out what lies between`);
    const news = standing.messages.filter(({ offset }) => offset >= standing.nextOffset && offset < batch.endOffset);
    for (const { fact, profile, code } of news) {
      if (fact !== null && code === null && this.add(fact)) this.orderOf(batch).push(keyOfFact(fact));
      if (profile === null) continue;
      if (profile.properties === null) this.profiles.delete(profile.userId);
      else this.profiles.set(profile.userId, profile.properties);
    }
    if (batch.endOffset > standing.nextOffset) standing.nextOffset = batch.endOffset;
  }

  /** Interactions that did not come by Kafka were committed; returns their verdicts. */
  tracked(facts: readonly Fact[]): readonly string[] {
    return facts.map((fact) => {
      if (this.add(fact)) return 'ACCEPTED';
      const first = this.log.get(keyOfFact(fact));
      return JSON.stringify(sorted(first)) === JSON.stringify(sorted(fact)) ? 'DUPLICATE' : 'DUPLICATE_DIFFERS';
    });
  }

  private add(fact: Fact): boolean {
    const key = keyOfFact(fact);
    if (this.log.has(key)) return false;
    this.log.set(key, fact);
    return true;
  }

  private orderOf(place: Place): string[] {
    const keys = this.order.get(nameOf(place)) ?? [];
    this.order.set(nameOf(place), keys);
    return keys;
  }

  private standing(place: Place): Standing {
    const standing = this.standings.get(nameOf(place));
    if (standing === undefined) throw new Error(`${nameOf(place)} is not a partition of the simulation`);
    return standing;
  }
}

export function nameOf({ topic, partition }: Place): string {
  return `${topic}:${partition}`;
}

function sorted(fact: Fact | undefined): unknown {
  return Object.entries(fact ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
}
