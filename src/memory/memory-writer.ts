/**
 * THE write path: interactions -> one transaction -> log, memories, counts and offset together, or nothing.
 *
 *   hold the version of the memories     it can't be switched under a writer
 *   lock the partition's progress        an owner of before fails here; what is below the next offset was applied already
 *   lock the users' memories             in the order of user ids; from here on nobody else adds events of these users
 *   leave out what was forgotten         see `admission`
 *   add to the log what it does not have yet; the rest are duplicates and change nothing
 *   apply the new ones in waves          each user's n-th event in wave n, in the order (occurredAt, arrival)
 *   save memories and counts, create unknown items and users if the settings say so, advance the next offset
 *
 * An event that is older than the user's newest does not fit at the end of the memory: a replay of that user from the log is asked
 * for in the same transaction and made behind it (`late-replay`), so that every memory comes to equal the one that in-order arrival
 * would have given, and a long history holds nobody up. So is one of a user whose stored memory is damaged.
 * Before the first model there are no memories: events are logged and counted, and the first promotion builds all from the log.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Interaction } from '../model/interaction.js';
import { advanceProgress, lockProgress, type Position } from '../storage/consumer-progress.store.js';
import { insertInteractions } from '../storage/interaction.store.js';
import { addItemCounts } from '../storage/item-count.store.js';
import { shareMemoryVersion } from '../storage/log-cut.store.js';
import { requestReplay } from '../storage/replay-request.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from './network-source.js';
import { memoriesOf } from '../storage/user-memory.store.js';
import { Admission } from './admission.js';
import { LateReplay } from './late-replay.js';
import { lockUsers, remember } from './remember.js';
import { createUnknown } from './unknown.js';
import { firstOfEachKey, keyOf, verdictsOf, type Verdict } from './verdict.js';

export interface Offered {
  readonly interaction: Interaction;
  /** where it lay in the partition; null: it did not come by Kafka */
  readonly offset: bigint | null;
}

/** Times that a transaction is tried again because a model was switched meanwhile. */
const switchesFollowed = 3;

@Injectable()
export class MemoryWriter {
  private readonly admission: Admission;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
    private readonly lateReplay: LateReplay,
  ) {
    this.admission = new Admission(config);
  }

  /** Returns a verdict for each of the offered, durable for those without a position; throws with nothing applied. */
  async apply(offered: readonly Offered[], position: Position | null): Promise<readonly Verdict[]> {
    for (let followed = 0; ; followed++) {
      try {
        const applied = await this.dataSource.transaction(async (tx) => this.applyIn(tx, offered, position));
        if (applied.toReplay.length > 0) this.lateReplay.wake();
        return applied.verdicts;
      } catch (error) {
        const isSwitch = error instanceof RecollectError && error.code === 'MODEL_SWITCHED';
        if (!isSwitch || followed === switchesFollowed) throw error;
        await this.networks.refresh();
      }
    }
  }

  private async applyIn(
    tx: EntityManager,
    given: readonly Offered[],
    position: Position | null,
  ): Promise<{ readonly verdicts: readonly Verdict[]; readonly toReplay: readonly string[] }> {
    await shareMemoryVersion(tx, this.config.databaseSchema);
    const offered = await this.admission.redirect(tx, given);
    const nextOffset = position === null ? null : await begin(tx, position);
    const news = offered.filter(({ offset }) => nextOffset === null || offset === null || offset >= nextOffset);
    const interactions = firstOfEachKey(news.map(({ interaction }) => interaction));
    const live = await this.liveNetwork(tx);
    const memories = live === null ? [] : await lockUsers(tx, memoriesOf(live.version), live.network, interactions);
    const inserted = await insertInteractions(
      tx,
      await this.admission.admit(tx, interactions, live && { table: memoriesOf(live.version), memories }),
    );
    const insertedKeys = new Set(inserted.map(keyOf));
    const fresh = interactions.filter((interaction) => insertedKeys.has(keyOf(interaction)));
    const toReplay = live === null ? [] : await remember(tx, memoriesOf(live.version), live.network, memories, fresh);
    await requestReplay(tx, toReplay);
    await addItemCounts(tx, fresh);
    await createUnknown(tx, this.config, fresh);
    if (position !== null) await advanceProgress(tx, position);
    return { verdicts: await verdictsOf(tx, offered, new Set(news), fresh), toReplay };
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

/** What a crash of Postgres loses of such a transaction is offset and effect together, and Kafka has it still. */
async function begin(tx: EntityManager, position: Position): Promise<bigint> {
  await tx.query('SET LOCAL synchronous_commit = off');
  return lockProgress(tx, position);
}
