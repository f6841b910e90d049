/**
 * The catalogue in memory: of each item that may be answered until when, and what filters ask of it; and the items that a live
 * network has not learned, placed by their content.
 *
 * It is followed by asking Postgres what became visible since the last look; an answer is checked against Postgres once more, so that
 * being late here costs nothing but a candidate. The content of the items that the live network has not learned is read as it changes,
 * and that of all of them once when a new network serves, page by page, while answers go on without them.
 */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from '../memory/network-source.js';
import { emptyState } from '../model/user-state.js';
import { readItemContent } from '../storage/item-content.store.js';
import {
  catalogueSnapshot,
  changesAtOnce,
  itemChanges,
  listedAtOnce,
  listItems,
  type ItemChange,
} from '../storage/item-read.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import type { ScoredItems } from './candidates.js';
import { giveMemoryBack } from './give-back.js';
import { HeldItems } from './held-items.js';
import { PlacedItems } from './placed-items.js';
import type { Boost } from './rules/rules.js';
import { wantAll, type Selection } from './selection.js';

/** Items whose content one statement reads; placing so many takes the process some milliseconds. */
const pageCount = 250;
/** From so many on, what was read of them and of their network is worth a collection. */
const manyItems = 50_000;

@Injectable()
export class Catalogue implements OnModuleInit, OnApplicationShutdown {
  readonly held = new HeldItems();
  private readonly everything = this.held.selectionOf(wantAll);
  /** by the version of the network */
  private readonly placed = new Map<number, PlacedItems>();
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
    return this.held.columns.size;
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
    return this.placed.get(version) ?? null;
  }

  /** Where an item lies in the network, E' [d]; null: it has not learned it, nor knows it by its content. */
  vectorOf(live: LiveNetwork, itemId: string): Float32Array | null {
    const row = live.network.vocabulary.rowOf(itemId);
    return row > 0 ? live.network.itemVector(row) : (this.placedFor(live)?.vectorOf(itemId) ?? null);
  }

  /** What may be answered by this network, of what a selection lets pass, and until when. */
  itemsFor(
    live: LiveNetwork,
    placed: PlacedItems | null,
    selection: Selection = this.everything,
    boosts: readonly Boost[] = [],
  ): ScoredItems {
    const { held } = this;
    const { vocabulary } = live.network;
    const learned = vocabulary.size;
    const placedId = (row: number): string => placed?.ids[row - learned - 1] ?? '';
    const indexOf = (row: number): number =>
      row <= learned ? (vocabulary.numbers[row - 1] ?? -1) : (held.columns.indexOf(placedId(row)) ?? -1);
    return {
      learned,
      idOf: (row) => (row <= learned ? vocabulary.idOf(row) : placedId(row)),
      indexOf,
      shiftOf: held.shiftBy(boosts),
      untilOf: (row) => {
        const index = indexOf(row);
        if (index < 0 || !selection.lets(index)) return -Infinity;
        return row <= learned ? held.untilAt(index) : (placed?.until[row - learned - 1] ?? -Infinity);
      },
    };
  }

  /** The snapshot is the next look's only once all of this one is taken in: what could not be is looked up again. */
  private async followChanges(): Promise<void> {
    const tx = this.dataSource.manager;
    const snapshot = await catalogueSnapshot(tx);
    const since = this.snapshot;
    const known = new Set(this.placed.keys());
    let page: readonly ItemChange[];
    let last = '';
    do {
      page = since === null ? await listItems(tx, last) : await itemChanges(tx, since, last);
      for (const change of page) this.held.apply(change);
      await this.place(page);
      last = page.at(-1)?.id ?? last;
    } while (page.length === (since === null ? listedAtOnce : changesAtOnce));
    this.snapshot = snapshot;
    this.lookedAt = Date.now();
    const isLoaded = since === null || [...this.placed.keys()].some((version) => !known.has(version));
    if (isLoaded && this.size >= manyItems) giveMemoryBack();
  }

  private async place(changes: readonly ItemChange[]): Promise<void> {
    const serving = this.networks.serving();
    for (const live of serving) await this.placeIn(live, changes);
    const versions = new Set(serving.map(({ version }) => version));
    for (const version of this.placed.keys()) if (!versions.has(version)) this.placed.delete(version);
  }

  /** Follows the content of the items that a network has not learned: those that changed, or all for another network. */
  private async placeIn(live: LiveNetwork, changes: readonly ItemChange[]): Promise<void> {
    const known = this.placed.get(live.version);
    if (known === undefined) await warmUp(live);
    const placed = known ?? new PlacedItems(live);
    const cold = placed.map === null ? [] : this.unknownTo(live, known === undefined ? null : changes);
    for (let begin = 0; begin < cold.length; begin += pageCount) {
      const page = cold.slice(begin, begin + pageCount);
      const rows = await readItemContent(this.dataSource.manager, page);
      const content = new Map(rows.map((row) => [row.id, row]));
      for (const id of page) placed.put(id, this.held.untilOf(id), content.get(id) ?? null);
    }
    this.placed.set(live.version, placed);
  }

  /** `changes`: null: of all items */
  private unknownTo(
    { network: { vocabulary } }: LiveNetwork,
    changes: readonly ItemChange[] | null,
  ): readonly string[] {
    const ids: string[] = [];
    for (const id of changes?.map((change) => change.id) ?? this.held.columns.heldIds()) {
      if (vocabulary.rowOf(id) === 0) ids.push(id);
    }
    return ids;
  }
}

/** What the first ranking of a network takes is not an answer's. */
async function warmUp({ network }: LiveNetwork): Promise<void> {
  await network.ranking(emptyState(network.dimensions)).best(1, () => true);
}
