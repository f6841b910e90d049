/**
 * The catalogue in memory: until when each item may be answered, and the same by row of the live network.
 *
 * One number an item says all: -Infinity (hidden or deleted), the time of expiry, or +Infinity. It is followed by asking Postgres
 * what became visible since the last look; an answer is checked against Postgres once more, so that being late here costs nothing
 * but a candidate.
 */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import type { LiveNetwork } from '../memory/network-source.js';
import { itemChanges, type ItemChange } from '../storage/item-read.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';

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
  private snapshot: string | null = null;
  private lookedAt = 0;
  private look: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
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

  /** Until when each row of the network may be answered; index row - 1. */
  untilOf({ version, network }: LiveNetwork): Float64Array {
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
    this.snapshot = snapshot;
    this.lookedAt = Date.now();
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
