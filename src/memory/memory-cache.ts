/**
 * Memories as this process wrote them last, so that the next event of a user need not read them. Nothing here is relied upon: a write
 * says which row it replaces, and fails where that is not the one in the table any more. Those written longest ago make room.
 */
import type { HeldMemory } from '../storage/user-memory.store.js';

/** Of an entry beside the state and the user's id, roughly. */
const entryBytes = 500;

export class MemoryCache {
  /** the one written longest ago first */
  private readonly memories = new Map<string, HeldMemory>();
  private version: number | null = null;
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** It is not here any more then: what becomes of it is put when that is durable. */
  take(version: number, userId: string): HeldMemory | undefined {
    const memory = version === this.version ? this.memories.get(userId) : undefined;
    this.drop(userId);
    return memory;
  }

  put(version: number, memories: readonly HeldMemory[]): void {
    if (version !== this.version) this.clear();
    this.version = version;
    for (const memory of memories) {
      this.drop(memory.userId);
      this.memories.set(memory.userId, memory);
      this.bytes += bytesOf(memory);
    }
    for (const userId of this.memories.keys()) {
      if (this.bytes <= this.maxBytes) return;
      this.drop(userId);
    }
  }

  private drop(userId: string): void {
    const memory = this.memories.get(userId);
    if (memory === undefined) return;
    this.memories.delete(userId);
    this.bytes -= bytesOf(memory);
  }

  private clear(): void {
    this.memories.clear();
    this.bytes = 0;
  }
}

function bytesOf({ userId, state }: HeldMemory): number {
  return entryBytes + 2 * userId.length + state.length;
}
