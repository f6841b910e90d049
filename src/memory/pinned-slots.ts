/**
 * Which slots of users are pinned for which of their events: slot s of a user is so for an event at the place p = (occurredAt, arrival) if
 * the user has a pin of s with from < p <= until. The step then leaves the slot as it is (`model/pinned`).
 *
 * A pin begins, and ends, at the place of the user's newest event of then. So it changes nothing for what is in the log already, and a
 * replay of the log beside the pins gives the memory that the events left, bit for bit, with those that came late: behind the place they leave the slot
 * as it is, before it they write it, as they would have in time. Pins belong to a version of the model, whose slots they mean.
 */
import type { EntityManager } from 'typeorm';
import { pinsOf, type PinRow } from '../storage/slot-pin.store.js';

/** A place in a user's sequence. */
export interface Place {
  /** milliseconds since 1970 */
  readonly occurredAt: number;
  /** left out: it arrives now, behind all that has arrived */
  readonly arrival?: string;
}

interface Pin {
  readonly slot: number;
  readonly from: Place;
  /** null: it is pinned */
  readonly until: Place | null;
  readonly pinnedAt: Date;
}

export class PinnedSlots {
  /** nobody has a pin */
  static readonly none = new PinnedSlots([]);
  private readonly pins = new Map<string, Pin[]>();

  constructor(rows: readonly PinRow[]) {
    for (const { userId, ...row } of rows) {
      const own = this.pins.get(userId) ?? [];
      own.push(pinOf(row));
      this.pins.set(userId, own);
    }
  }

  /** Of these users under a version. Read them behind the events that they are asked for. */
  static async read(tx: EntityManager, version: number, userIds: readonly string[]): Promise<PinnedSlots> {
    const rows = await pinsOf(tx, version, userIds);
    return rows.length === 0 ? PinnedSlots.none : new PinnedSlots(rows);
  }

  get isEmpty(): boolean {
    return this.pins.size === 0;
  }

  /** Slots that an event of the user at this place leaves as they are, each once. */
  at(userId: string, place: Place): readonly number[] {
    return [...this.since(userId, place).keys()];
  }

  /** Slots that were pinned before an event at this place and still are. */
  throughout(userId: string, place: Place): readonly number[] {
    const own = this.pins.get(userId) ?? [];
    return own.filter(({ from, until }) => until === null && isBehind(place, from)).map(({ slot }) => slot);
  }

  /** Since when the slots are pinned that such an event leaves as they are. */
  since(userId: string, place: Place): ReadonlyMap<number, Date> {
    const holding = (this.pins.get(userId) ?? []).filter(
      ({ from, until }) => isBehind(place, from) && (until === null || !isBehind(place, until)),
    );
    return new Map(holding.map(({ slot, pinnedAt }) => [slot, pinnedAt]));
  }
}

function pinOf({
  slot,
  fromOccurredAt,
  fromArrival,
  untilOccurredAt,
  untilArrival,
  pinnedAt,
}: Omit<PinRow, 'userId'>): Pin {
  const from = { occurredAt: fromOccurredAt.getTime(), arrival: fromArrival };
  const isOpen = untilOccurredAt === null || untilArrival === null;
  return {
    slot,
    from,
    until: isOpen ? null : { occurredAt: untilOccurredAt.getTime(), arrival: untilArrival },
    pinnedAt,
  };
}

/** Whether a place lies behind that of an event that has arrived. */
function isBehind({ occurredAt, arrival }: Place, other: Place): boolean {
  if (occurredAt !== other.occurredAt) return occurredAt > other.occurredAt;
  return arrival === undefined || BigInt(arrival) > BigInt(other.arrival ?? 0);
}
