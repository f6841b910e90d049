/**
 * Memories as this process wrote them last, so that the next event of a user need not read them. Nothing here is relied upon: a write
 * says which row it replaces, and fails where that is not the one in the table any more. Those written longest ago make room.
 */
import type { HeldMemory } from '../storage/user-memory.store.js';
import { StateRoom } from './state-room.js';

/** Of an entry beside the state and the user's id, roughly. */
const entryBytes = 500;

interface Entry {
  readonly memory: Omit<HeldMemory, 'state'>;
  /** of its state */
  readonly place: number;
}

export class MemoryCache {
  /** the one written longest ago first */
  private readonly entries = new Map<string, Entry>();
  private version: number | null = null;
  private room = new StateRoom(0);
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** It is not here any more then: what becomes of it is put when that is durable. */
  take(version: number, userId: string): HeldMemory | undefined {
    const entry = version === this.version ? this.entries.get(userId) : undefined;
    if (entry === undefined) return undefined;
    const state = Buffer.from(this.room.at(entry.place)); // its place may be another's before the batch is done
    this.drop(userId, entry);
    return { ...entry.memory, state };
  }

  put(version: number, memories: readonly HeldMemory[]): void {
    const stateBytes = memories[0]?.state.length ?? this.room.stateBytes;
    if (version !== this.version || stateBytes !== this.room.stateBytes) this.clear(stateBytes);
    this.version = version;
    for (const { state, ...memory } of memories) {
      this.drop(memory.userId);
      this.entries.set(memory.userId, { memory, place: this.room.put(state) });
      this.bytes += this.bytesOf(memory.userId);
      this.makeRoom();
    }
  }

  private makeRoom(): void {
    if (this.bytes <= this.maxBytes) return;
    for (const [userId, entry] of this.entries) {
      this.drop(userId, entry);
      if (this.bytes <= this.maxBytes) return;
    }
  }

  private drop(userId: string, entry = this.entries.get(userId)): void {
    if (entry === undefined) return;
    this.entries.delete(userId);
    this.room.release(entry.place);
    this.bytes -= this.bytesOf(userId);
  }

  private clear(stateBytes: number): void {
    this.entries.clear();
    this.room = new StateRoom(stateBytes);
    this.bytes = 0;
  }

  private bytesOf(userId: string): number {
    return entryBytes + 2 * userId.length + this.room.stateBytes;
  }
}
