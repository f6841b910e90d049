/**
 * THE write path: interactions -> one transaction -> log, memories, counts and offset together, or nothing.
 *
 *   hold the version of the memories     it can't be switched under a writer
 *   lock the partition's progress        an owner of before fails here; what is below the next offset was applied already
 *   hold the users' memories             those that this process wrote last as it knows them; the rest are read and locked, in the order
 *                                        of user ids
 *   leave out what was forgotten         see `admission`, which also asks who has pinned slots: of them alone the pins are read
 *   add to the log what it does not have yet; the rest are duplicates and change nothing
 *   apply the new ones in waves          each user's n-th event in wave n, in the order (occurredAt, arrival)
 *   save memories                        where each row still is what was held: else another writer was faster, and all is tried again
 *   save counts, create unknown items and users if the settings say so, advance the next offset
 *
 * So nobody adds an event of a user between the save and the commit, and a user's events commit in the order of their arrival.
 *
 * An event that is older than the user's newest does not fit at the end of the memory: a replay of that user from the log is asked
 * for in the same transaction and made behind it (`late-replay`), so that every memory comes to equal the one that in-order arrival
 * would have given, and a long history holds nobody up. So is one of a user whose stored memory is damaged.
 * Before the first model there are no memories: events are logged and counted, and the first promotion builds all from the log.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError, type ErrorCode } from '../errors.js';
import type { Interaction } from '../model/interaction.js';
import { advanceProgress, lockProgress, type Position } from '../storage/consumer-progress.store.js';
import { addInteractions, addNewInteractions } from '../storage/interaction.store.js';
import { addItemCounts } from '../storage/item-count.store.js';
import { shareMemoryVersion } from '../storage/log-cut.store.js';
import { requestReplay } from '../storage/replay-request.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from './network-source.js';
import { memoriesOf, type HeldMemory } from '../storage/user-memory.store.js';
import { Admission } from './admission.js';
import { LateReplay } from './late-replay.js';
import { MemoryCache } from './memory-cache.js';
import { PinnedSlots } from './pinned-slots.js';
import { holdUsers, remember, type Event, type Remembered } from './remember.js';
import { Scratch } from './scratch.js';
import { createUnknown } from './unknown.js';
import { firstOfEachKey, keyOf, verdictsOf, type Verdict } from './verdict.js';

export interface Offered {
  readonly interaction: Interaction;
  /** where it lay in the partition; null: it did not come by Kafka */
  readonly offset: bigint | null;
}

/** After these a transaction is tried again: others switched the model, wrote a memory, or edited a log meanwhile, or an interaction was there. */
const changedMeanwhile: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MODEL_SWITCHED',
  'MEMORY_CHANGED',
  'USER_EDITED',
  'INTERACTION_REPEATED',
]);
const timesAgain = 3;

/** After an interaction that was there already, so many batches look for each of theirs first. */
const batchesOnGuard = 100;

/** Scratch rooms that are kept for batches to come: as many as a consumer applies at a time. */
const scratchesKept = 3;

interface Applied {
  readonly verdicts: readonly Verdict[];
  readonly toReplay: readonly string[];
  /** what is remembered now; null before the first model */
  readonly known: { readonly version: number; readonly memories: readonly HeldMemory[] } | null;
}

@Injectable()
export class MemoryWriter {
  private readonly admission: Admission;
  private readonly cache: MemoryCache;
  /** batches that still look for repeated interactions before they add theirs */
  private onGuard = 0;
  private readonly scratches: Scratch[] = [];

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
    private readonly lateReplay: LateReplay,
  ) {
    this.admission = new Admission(config);
    this.cache = new MemoryCache(config.memoryCacheBytes);
  }

  /** Returns a verdict for each of the offered, durable for those without a position; throws with nothing applied. */
  async apply(offered: readonly Offered[], position: Position | null): Promise<readonly Verdict[]> {
    const scratch = this.scratches.pop() ?? new Scratch();
    try {
      return await this.applyWith(scratch, offered, position);
    } finally {
      if (this.scratches.length < scratchesKept) this.scratches.push(scratch);
    }
  }

  private async applyWith(
    scratch: Scratch,
    offered: readonly Offered[],
    position: Position | null,
  ): Promise<readonly Verdict[]> {
    for (let again = 0; ; again++) {
      scratch.clear();
      try {
        const applied = await this.dataSource.transaction(async (tx) => this.applyIn(tx, scratch, offered, position));
        const { known, toReplay, verdicts } = applied;
        if (known !== null && position !== null) this.cache.put(known.version, known.memories);
        if (toReplay.length > 0) this.lateReplay.wake();
        return verdicts;
      } catch (error) {
        if (!(error instanceof RecollectError) || !changedMeanwhile.has(error.code) || again === timesAgain)
          throw error;
        if (error.code === 'MODEL_SWITCHED') await this.networks.refresh();
        if (error.code === 'INTERACTION_REPEATED') this.onGuard = batchesOnGuard;
      }
    }
  }

  private async applyIn(
    tx: EntityManager,
    scratch: Scratch,
    given: readonly Offered[],
    position: Position | null,
  ): Promise<Applied> {
    await shareMemoryVersion(tx, this.config.databaseSchema);
    const offered = await this.admission.redirect(tx, given);
    const nextOffset = position === null ? null : await lockProgress(tx, position);
    const news = offered.filter(({ offset }) => nextOffset === null || offset === null || offset >= nextOffset);
    const interactions = firstOfEachKey(news.map(({ interaction }) => interaction));
    const live = await this.liveNetwork(tx);
    const held = live === null ? null : await this.hold(tx, live, scratch, interactions, position);
    const admitted = await this.admission.admit(tx, interactions, held);
    const fresh = await this.log(tx, admitted.interactions);
    const { toReplay, memories } =
      live === null || held === null
        ? { toReplay: [], memories: [] }
        : await this.remember(tx, live, scratch, held, fresh, admitted.pinnedUsers);
    await this.admission.confirm(tx, memories);
    await requestReplay(tx, toReplay);
    await addItemCounts(tx, fresh);
    await createUnknown(tx, this.config, fresh);
    if (position !== null) await advanceProgress(tx, position);
    const late = new Set(toReplay); // others are about to write these
    const known = live && { version: live.version, memories: memories.filter(({ userId }) => !late.has(userId)) };
    return { verdicts: await verdictsOf(tx, offered, new Set(news), fresh), toReplay, known };
  }

  /** Adds what the log does not have yet and returns it. Repeated interactions come seldom or by the many, so they are looked for where one was. */
  private async log(tx: EntityManager, admitted: readonly Interaction[]): Promise<readonly Interaction[]> {
    if (this.onGuard === 0) {
      await addInteractions(tx, admitted);
      return admitted;
    }
    const repeated = new Set((await addNewInteractions(tx, admitted)).map(keyOf));
    this.onGuard = repeated.size > 0 ? batchesOnGuard : this.onGuard - 1;
    return repeated.size === 0 ? admitted : admitted.filter((interaction) => !repeated.has(keyOf(interaction)));
  }

  private async remember(
    tx: EntityManager,
    { version, network }: LiveNetwork,
    scratch: Scratch,
    held: readonly HeldMemory[],
    events: readonly Event[],
    pinnedUsers: readonly string[],
  ): Promise<Remembered> {
    const pins = await PinnedSlots.read(tx, version, pinnedUsers);
    return remember(tx, memoriesOf(version), network, held, events, pins, scratch);
  }

  /** Only the owner of a partition is likely to be its users' only writer; for others what they know is old. */
  private async hold(
    tx: EntityManager,
    { version, network }: LiveNetwork,
    scratch: Scratch,
    interactions: readonly Interaction[],
    position: Position | null,
  ): Promise<readonly HeldMemory[]> {
    const known = (userId: string): HeldMemory | undefined =>
      position === null ? undefined : this.cache.take(version, userId, (state) => scratch.copyOf(state));
    return holdUsers(tx, memoriesOf(version), network, interactions, known);
  }

  /** What serves according to the database; throws MODEL_SWITCHED where this process has another version loaded. */
  private async liveNetwork(tx: EntityManager): Promise<LiveNetwork | null> {
    const version = (await findLiveModel(tx))?.version ?? null;
    const live = this.networks.current();
    if (version === (live?.version ?? null)) return live;
    throw new RecollectError(
      'MODEL_SWITCHED',
      `model ${version ?? 'none'} serves, this process has ${live?.version ?? 'none'} loaded; it is loaded and the batch tried again`,
    );
  }
}
