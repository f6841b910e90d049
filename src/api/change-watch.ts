/**
 * Tells who waits for a thing that it has changed, whichever process changed it. What is watched is looked up every `lookMs` by one
 * statement, however many wait and for however many things; nothing is asked while nobody waits, and who writes does nothing for it.
 *
 * A watcher gets the thing at once, and then again whenever its version is another one. What changes while a value is being made or
 * sent comes as one: a slow watcher misses states in between, never the last.
 */
import { isRetriable } from '../errors.js';
import { withPatience } from '../storage/patience.js';

const lookMs = 250;

/** The version of each thing that is there; it is another text after each change. */
export type VersionsOf = (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export class ChangeWatch {
  private readonly watchers = new Set<Watcher<unknown>>();
  private timer: NodeJS.Timeout | null = null;
  private isLooking = false;
  private hasFailed = false;

  /** The first look in a row that fails is told, and all are tried again; one that takes longer than `patienceMs` has failed. */
  constructor(
    private readonly versionsOf: VersionsOf,
    private readonly patienceMs: number,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** What is waited for now. */
  get size(): number {
    return this.watchers.size;
  }

  /** `load` makes the value; there are no more behind one that `isLast`. It ends with what `load` throws, unless that may pass. */
  changesOf<V>(
    id: string,
    load: () => Promise<V>,
    isLast: (value: V) => boolean = () => false,
  ): AsyncIterableIterator<V> {
    const watcher = new Watcher(id, load, isLast, () => {
      this.watchers.delete(watcher as Watcher<unknown>);
    });
    this.watchers.add(watcher as Watcher<unknown>);
    this.lookIn(0);
    return watcher;
  }

  private lookIn(ms: number): void {
    if (this.isLooking) return; // it looks again right behind
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), ms).unref();
  }

  private async look(): Promise<void> {
    if (this.watchers.size === 0) return;
    this.isLooking = true;
    const watched = [...this.watchers];
    try {
      const ids = [...new Set(watched.map(({ id }) => id))];
      const versions = await withPatience(this.patienceMs, async () => this.versionsOf(ids));
      for (const watcher of watched) watcher.found(versions.get(watcher.id) ?? null);
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) this.failed(error);
      this.hasFailed = true;
    } finally {
      this.isLooking = false;
      this.lookIn([...this.watchers].every((watcher) => watched.includes(watcher)) ? lookMs : 0);
    }
  }
}

/** Of one consumer, who asks for one value at a time. `return` ends it at once, also while a value is awaited. */
class Watcher<V> implements AsyncIterableIterator<V> {
  private current: string | null | undefined; // undefined: not looked up yet
  private shown: string | null | undefined;
  private isEnded = false;
  private wake: () => void = () => undefined;

  constructor(
    readonly id: string,
    private readonly load: () => Promise<V>,
    private readonly isLast: (value: V) => boolean,
    private readonly ended: () => void,
  ) {}

  found(version: string | null): void {
    this.current = version;
    if (this.current !== this.shown) this.wake();
  }

  async next(): Promise<IteratorResult<V>> {
    for (;;) {
      while (!this.hasEnded() && this.current === this.shown) await this.woken();
      if (this.hasEnded()) return { done: true, value: undefined };
      const version = this.current;
      try {
        const value = await this.load();
        this.shown = version;
        if (this.isLast(value)) this.end();
        return { done: false, value };
      } catch (error) {
        if (!isRetriable(error)) {
          this.end();
          throw error;
        }
        await this.woken(); // until the next look
      }
    }
  }

  async return(): Promise<IteratorResult<V>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Asked between two awaits, each of which may have ended it. */
  private hasEnded(): boolean {
    return this.isEnded;
  }

  private end(): void {
    this.isEnded = true;
    this.ended();
    this.wake();
  }

  private async woken(): Promise<void> {
    return new Promise((done) => {
      this.wake = done;
    });
  }
}
