/**
 * What the database must hold: a model of the write path in a few maps, written apart from the product. It is told of each commit at
 * the moment at which it happens, and says at once where one should not have been possible.
 */
import type { Edit, Fact, Lying } from './messages.js';

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
  /** of the owner, the newest */
  ownerEpoch: bigint;
  /** all that claims were given: each its own, one more than those before */
  readonly epochs: Set<bigint>;
}

export const keyOfFact = ({ userId, id }: Pick<Fact, 'userId' | 'id'>): string => JSON.stringify([userId, id]);

export class Expectation {
  readonly log = new Map<string, Fact>();
  /** the places that the events of the log came from, in the order of their offsets, by partition */
  readonly order = new Map<string, string[]>();
  /** keys of what is in the log and in no memory */
  readonly leftOut = new Set<string>();
  /** keys by user */
  readonly forgotten = new Map<string, Set<string>>();
  readonly erased = new Set<string>();
  readonly profiles = new Map<string, Readonly<Record<string, unknown>>>();
  readonly faults: string[] = [];
  private readonly standings = new Map<string, Standing>();

  get partitions(): readonly Standing[] {
    return [...this.standings.values()];
  }

  /** Whether something was refused that speaks of the user. */
  hasLettersOf(userId: string): boolean {
    return this.partitions.some(({ messages }) =>
      messages.some(({ code, userIds }) => code !== null && userIds.includes(userId)),
    );
  }

  addPartition(place: Place): Standing {
    const standing = { ...place, messages: [], nextOffset: 0n, ownerEpoch: 0n, epochs: new Set<bigint>() };
    this.standings.set(nameOf(place), standing);
    return standing;
  }

  /** Somebody made itself the owner; `claimed` is what the database told it. */
  claimed(place: Place, claimed: { readonly nextOffset: bigint; readonly ownerEpoch: bigint }): void {
    const standing = this.standing(place);
    const { nextOffset, ownerEpoch } = claimed;
    if (nextOffset !== standing.nextOffset || standing.epochs.has(ownerEpoch))
      this.faults.push(
        `a claim of ${nameOf(place)} gave offset ${nextOffset} and epoch ${ownerEpoch}, it stands at ${standing.nextOffset} and gave ${[...standing.epochs].join()}`,
      );
    standing.epochs.add(ownerEpoch);
    if (ownerEpoch > standing.ownerEpoch) standing.ownerEpoch = ownerEpoch; // two that wait together are not always served in their order
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
      if (profile === null || this.erased.has(profile.userId)) continue;
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
      if (first === undefined) return 'FORGOTTEN';
      return JSON.stringify(sorted(first)) === JSON.stringify(sorted(fact)) ? 'DUPLICATE' : 'DUPLICATE_DIFFERS';
    });
  }

  /** A user's log was edited. */
  edited(edit: Edit): void {
    const { kind, userId } = edit;
    const forgotten = this.forgotten.get(userId) ?? new Set();
    for (const [key, fact] of this.log) {
      if (fact.userId !== userId || (kind === 'forget' && !edit.selects(fact))) continue;
      if (kind === 'reset') this.leftOut.add(key);
      else this.log.delete(key);
      if (kind === 'forget') forgotten.add(key);
    }
    if (forgotten.size > 0) this.forgotten.set(userId, forgotten);
    if (kind !== 'erase') return;
    this.erased.add(userId);
    this.forgotten.delete(userId);
    this.profiles.delete(userId);
  }

  private add(fact: Fact): boolean {
    const key = keyOfFact(fact);
    const isOut = this.erased.has(fact.userId) || this.forgotten.get(fact.userId)?.has(key) === true;
    if (isOut || this.log.has(key)) return false;
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
