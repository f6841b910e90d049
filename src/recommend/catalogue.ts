/**
 * The catalogue in memory: until when each item may be answered, the same by row of the live network, and the items that it has
 * not learned, placed by their content.
 *
 * One number an item says all: -Infinity (hidden or deleted), the time of expiry, or +Infinity. It is followed by asking Postgres
 * what became visible since the last look; an answer is checked against Postgres once more, so that being late here costs nothing
 * but a candidate. The content of the items that the live network has not learned is read as it changes, and that of all of them
 * once when a new network serves, page by page, while answers go on without them.
 */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { emptyState } from '../model/user-state.js';
import { readItemContent } from '../storage/item-content.store.js';
import { itemChanges, type ItemChange } from '../storage/item-read.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import type { ScoredItems } from './candidates.js';
import { PlacedItems } from './placed-items.js';

/** Items whose content one statement reads; placing so many takes the process some milliseconds. */
const pageCount = 250;

interface Rows {
  readonly version: number;
  readonly rowOf: (itemId: string) => number;
  /** index row - 1, as scores are */
  readonly until: Float64Array;
}

@Injectable()
export class Catalogue implements OnModuleInit, OnApplicationShutdown {
  /** items that may be answered, and until when */
  private readonly until = new Map<string, number>();
  private rows: Rows | null = null;
  private placed: PlacedItems | null = null;
  private snapshot: string | null = null;
  private lookedAt = 0;
  private look: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.refresh();
    const poll = (): void => {
      this.refresh()
        .catch((error: unknown) => {
          logError(this.logger, error, 'the catalogue could not be looked up; the last known one goes on');
        })
        .finally(() => {
          if (this.timer !== null) this.timer = setTimeout(poll, this.config.refreshMs).unref();
        });
    };
    this.timer = setTimeout(poll, this.config.refreshMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.look?.catch(() => undefined);
  }

  /** Items that may be answered, those that expire included. */
  get size(): number {
    return this.until.size;
  }

  /** Milliseconds since the last look. */
  get ageMs(): number {
    return Date.now() - this.lookedAt;
  }

  /** Looks for changes now. Calls that overlap share one look and then the next: none returns with a look that began before it. */
  async refresh(): Promise<void> {
    const running = this.look;
    if (running !== null) {
      await running.catch(() => undefined);
      if (this.look !== running && this.look !== null) return this.look;
    }
    this.look = this.followChanges().finally(() => {
      this.look = null;
    });
    return this.look;
  }

  /** Items that the network has not learned and that have a place by their content; null: they were not looked up yet. */
  placedFor({ version }: LiveNetwork): PlacedItems | null {
    return this.placed?.version === version ? this.placed : null;
  }

  /** What may be answered by this network, and until when. */
  itemsFor(live: LiveNetwork, placed: PlacedItems | null): ScoredItems {
    const until = this.untilOf(live);
    const { vocabulary } = live.network;
    const learned = vocabulary.size;
    return {
      learned,
      idOf: (row) => (row <= learned ? vocabulary.idOf(row) : (placed?.ids[row - learned - 1] ?? '')),
      untilOf: (row) => (row <= learned ? until[row - 1] : placed?.until[row - learned - 1]) ?? -Infinity,
    };
  }

  /** By row of the network; index row - 1. */
  private untilOf({ version, network }: LiveNetwork): Float64Array {
    if (this.rows?.version !== version) {
      const { vocabulary } = network;
      const until = Float64Array.from(vocabulary.ids, (id) => this.until.get(id) ?? -Infinity);
      this.rows = { version, rowOf: (itemId) => vocabulary.rowOf(itemId), until };
    }
    return this.rows.until;
  }

  private async followChanges(): Promise<void> {
    const { snapshot, changes } = await itemChanges(this.dataSource.manager, this.snapshot);
    for (const change of changes) this.apply(change);
    await this.place(changes);
    this.snapshot = snapshot; //                                  only now: what could not be placed is looked up again
    this.lookedAt = Date.now();
  }

  /** Follows the content of the items that the live network has not learned: those that changed, or all for another network. */
  private async place(changes: readonly ItemChange[]): Promise<void> {
    const live = this.networks.current();
    if (live === null) return;
    const isNew = this.placed?.version !== live.version;
    if (isNew) live.network.ranking(emptyState(live.network.dimensions)); // what its first call takes is not an answer's
    const placed = isNew || this.placed === null ? new PlacedItems(live) : this.placed;
    const ids = isNew ? [...this.until.keys()] : changes.map(({ id }) => id);
    const cold = placed.map === null ? [] : ids.filter((id) => live.network.vocabulary.rowOf(id) === 0);
    for (let begin = 0; begin < cold.length; begin += pageCount) {
      const page = cold.slice(begin, begin + pageCount);
      const rows = await readItemContent(this.dataSource.manager, page);
      const content = new Map(rows.map((row) => [row.id, row]));
      for (const id of page) placed.put(id, this.until.get(id) ?? -Infinity, content.get(id) ?? null);
    }
    this.placed = placed;
  }

  private apply(change: ItemChange): void {
    const until = untilOf(change);
    if (until === -Infinity) this.until.delete(change.id);
    else this.until.set(change.id, until);
    const row = this.rows?.rowOf(change.id) ?? 0;
    if (this.rows !== null && row > 0) this.rows.until[row - 1] = until;
  }
}

function untilOf({ available, deletedAt, expiresAt }: ItemChange): number {
  if (!available || deletedAt !== null) return -Infinity;
  return expiresAt?.getTime() ?? Infinity;
}
