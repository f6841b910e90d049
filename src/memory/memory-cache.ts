/**
 * Memories as this process wrote them last, so that the next event of a user need not read them. Nothing here is relied upon: a write
 * says which row it replaces, and fails where that is not the one in the table any more. Those written longest ago make room.
 *
 * A user has a place; what is known of it lies in columns of numbers, and the places form a ring in the order of writing. Objects
 * instead, made anew with every event, would be most of what the collector has to go over.
 */
import type { HeldMemory } from '../storage/user-memory.store.js';
import { StateRoom } from './state-room.js';
import { WriteOrder } from './write-order.js';

/** Of an entry beside the state and the user's id, roughly. */
const entryBytes = 200;

/** Numbers of a place. */
const column = { sequenceNumber: 0, interactionsApplied: 1, lastOccurredAt: 2, checksum: 3 } as const;
const columns = 4;

export class MemoryCache {
  private readonly places = new Map<string, number>();
  private readonly userIds: string[] = [];
  private readonly order = new WriteOrder();
  private numbers = new Float64Array(0);
  private version: number | null = null;
  private room = new StateRoom(0);
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** It is not known any more then: what becomes of it is put when that is durable. `copyOf`: its place may be another's before the batch is done. */
  take(version: number, userId: string, copyOf: (state: Buffer) => Buffer): HeldMemory | undefined {
    const place = version === this.version ? this.places.get(userId) : undefined;
    if (place === undefined) return undefined;
    const sequenceNumber = this.numberOf(place, column.sequenceNumber);
    if (sequenceNumber === 0) return undefined;
    this.numbers[place * columns + column.sequenceNumber] = 0;
    const occurredAt = this.numberOf(place, column.lastOccurredAt);
    return {
      userId,
      state: copyOf(this.room.at(place)),
      interactionsApplied: this.numberOf(place, column.interactionsApplied),
      lastOccurredAt: Number.isNaN(occurredAt) ? null : new Date(occurredAt),
      checksum: this.numberOf(place, column.checksum),
      sequenceNumber,
    };
  }

  put(version: number, memories: readonly HeldMemory[]): void {
    const stateBytes = memories[0]?.state.length ?? this.room.stateBytes;
    if (version !== this.version || stateBytes !== this.room.stateBytes) this.clear(stateBytes);
    this.version = version;
    for (const memory of memories) {
      const place = this.places.get(memory.userId);
      if (place === undefined) this.add(memory);
      else {
        this.room.at(place).set(memory.state);
        this.write(place, memory);
      }
      this.makeRoom();
    }
  }

  private add(memory: HeldMemory): void {
    const { userId } = memory;
    const place = this.room.put(memory.state);
    this.places.set(userId, place);
    this.userIds[place] = userId;
    this.bytes += this.bytesOf(userId);
    this.write(place, memory);
  }

  private write(place: number, memory: HeldMemory): void {
    const { interactionsApplied, lastOccurredAt, checksum, sequenceNumber } = memory;
    const end = (place + 1) * columns;
    if (end > this.numbers.length) {
      const more = new Float64Array(2 * end);
      more.set(this.numbers);
      this.numbers = more;
    }
    this.numbers.set(
      [sequenceNumber, interactionsApplied, lastOccurredAt?.getTime() ?? NaN, checksum],
      place * columns,
    );
    this.order.moveToEnd(place);
  }

  private numberOf(place: number, which: number): number {
    return this.numbers[place * columns + which] ?? 0;
  }

  private makeRoom(): void {
    while (this.bytes > this.maxBytes) {
      const oldest = this.order.takeFirst();
      const userId = oldest === null ? undefined : this.userIds[oldest];
      if (oldest === null || userId === undefined) return;
      this.places.delete(userId);
      this.userIds[oldest] = '';
      this.room.release(oldest);
      this.bytes -= this.bytesOf(userId);
    }
  }

  private clear(stateBytes: number): void {
    this.places.clear();
    this.userIds.length = 0;
    this.order.clear();
    this.room = new StateRoom(stateBytes);
    this.bytes = 0;
  }

  private bytesOf(userId: string): number {
    return entryBytes + 2 * userId.length + this.room.stateBytes;
  }
}
