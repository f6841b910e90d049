/**
 * Pins a slot of a user: from now on no event writes it, whatever it is, until it is pinned no more (see `pinned-slots`). The memory itself
 * stays as it is; its row counts as written, so that a writer who knew it from before asks for pins again.
 *
 *   turn     it and edits of the user's log come one after the other
 *   share    the version of the memories: slots of another one mean something else
 *   touch    the memory's row, locked: nobody adds an event of the user between here and the commit
 *   place    the user's newest event: the pin, or its end, lies behind it
 *   record   who did it, in the audit log
 *
 * A reset, a merge into another user and an erasure take pins away; what is forgotten leaves pinned slots too.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { advisoryLock } from '../storage/data-source.js';
import { newestPlace } from '../storage/interaction-read.store.js';
import { findExperiment } from '../storage/experiment.store.js';
import { shareMemoryVersion } from '../storage/log-cut.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { inTurn } from '../storage/session-lock.js';
import { endPin, putPin, type PinnedSlot } from '../storage/slot-pin.store.js';
import { memoriesOf, touchMemory } from '../storage/user-memory.store.js';
import { LOGGER, type Logger } from '../telemetry.js';
import { recordAct, type Actor } from './audit.js';
import { refuseMerged } from './log-edit.js';
import { NETWORK_SOURCE, type NetworkSource } from './network-source.js';
import { PinnedSlots } from './pinned-slots.js';
import { checkSlot, noSlots } from './slot-forgetting.js';

export interface Pinned {
  /** null: it is not pinned */
  readonly pinnedSince: Date | null;
  /** whose slot it is */
  readonly modelVersion: number;
}

@Injectable()
export class SlotPinning {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
  ) {}

  /** `isPinned`: whether it is to be. Throws BAD_INPUT where there is no such slot, or no memory of the user. */
  async pinSlot(by: Actor, userId: string, slot: number, isPinned = true): Promise<Pinned> {
    await this.networks.refresh();
    const live = this.networks.forUser(userId);
    if (live === null) throw noSlots();
    checkSlot(live, slot);
    const { version } = live;
    const turn = { lock: advisoryLock.logEdit, names: [`${this.config.databaseSchema} ${userId}`] };
    return inTurn(this.dataSource, this.logger, turn, async (session) => {
      await refuseMerged(session, [userId]);
      const pinnedSince = await session.transaction(async (tx) =>
        this.pinIn(tx, by, { userId, version, slot }, isPinned),
      );
      return { pinnedSince, modelVersion: version };
    });
  }

  /** Returns since when it is pinned. */
  private async pinIn(tx: EntityManager, by: Actor, pinned: PinnedSlot, isPinned: boolean): Promise<Date | null> {
    const { userId, version, slot } = pinned;
    await shareMemoryVersion(tx, this.config.databaseSchema);
    const serving = [(await findLiveModel(tx))?.version, (await findExperiment(tx))?.version];
    if (!serving.includes(version)) {
      const remedy = 'whose slots mean something else: look at them and try again';
      throw new RecollectError('MODEL_SWITCHED', `another model began to serve meanwhile, ${remedy}`);
    }
    const hasMemory = await touchMemory(tx, memoriesOf(version), userId);
    const place = await newestPlace(tx, userId);
    if (!hasMemory || place === null) {
      const message = 'the user has no memory under the live model, so there is no slot to pin';
      throw new RecollectError('BAD_INPUT', message, { field: 'userId' });
    }
    const sinceNow = async (): Promise<Date | null> =>
      (await PinnedSlots.read(tx, version, [userId])).since(userId, { occurredAt: Infinity }).get(slot) ?? null;
    const before = await sinceNow();
    if ((before !== null) === isPinned) return before;
    await (isPinned ? putPin(tx, pinned, place) : endPin(tx, pinned, place));
    const since = await sinceNow();
    const action = isPinned ? 'PIN_SLOT' : 'UNPIN_SLOT';
    await recordAct(tx, this.config, { by, action, userIds: [userId], counts: { slots: 1 } });
    return since;
  }
}
