/**
 * Edits of users' logs, and the memories that follow from them: after one, everything is as if the log had always been so.
 *
 *   turn      edits of a user come one after the other
 *   rehearse  one snapshot: the edit is made, the users are replayed, and it is rolled back; writers go on meanwhile
 *   lock      the users' memories: from here on nobody else adds events of these users
 *   edit      the log, for good; in the same transaction go the memories of all versions, and what belongs to the edit
 *   save      the rehearsed memories, and what arrived since applied to them; what of that came late asks for a replay
 *   record    who did it, in the audit log
 *
 * A snapshot lacks exactly what arrived since, for a user's events commit in the order of arrival. Versions that do not serve
 * lose the memories of the users; those that are being made in a shadow get them anew (`memory-edit.store`). Before the first model
 * there are no memories, and writers are held off for the moment of the edit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { codeOf, isRetriable, RecollectError } from '../errors.js';
import { advisoryLock } from '../storage/data-source.js';
import { holdExperiment } from '../storage/experiment.store.js';
import { arrivedSince, findArrivals, lastArrivals, type Arrival } from '../storage/interaction.store.js';
import { lockMemoryVersion, shareMemoryVersion } from '../storage/log-cut.store.js';
import { noteMemoryEdit } from '../storage/memory-edit.store.js';
import { deleteOtherMemories } from '../storage/memory-partition.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { dropReplayRequests, requestReplay } from '../storage/replay-request.store.js';
import { inTurn } from '../storage/session-lock.js';
import {
  deleteMemories,
  deleteUnwritten,
  memoriesOf,
  saveMemories,
  type MemoryRow,
} from '../storage/user-memory.store.js';
import { mergesOf } from '../storage/user-merge.store.js';
import { LOGGER, type Logger } from '../telemetry.js';
import { edited } from './admission.js';
import { recordAct, type Act } from './audit.js';
import { LateReplay } from './late-replay.js';
import { replayed } from './memory-replay.js';
import { NETWORK_SOURCE, type LiveNetwork, type NetworkSource } from './network-source.js';
import { PinnedSlots } from './pinned-slots.js';
import { lockUsers, remember } from './remember.js';

export interface LogEdit<R> extends Pick<Act, 'by' | 'action'> {
  /** whose logs it changes */
  readonly userIds: readonly string[];
  /** those of them who have no memory after it, not even an empty one */
  readonly gone?: readonly string[];
  /** Changes rows of the log, or pins, and nothing else: it is done twice. Null: there was nothing to change. */
  change(tx: EntityManager): Promise<R | null>;
  /** What else belongs to it. */
  settle(tx: EntityManager, changed: R): Promise<void>;
  /** what it did, for the audit log */
  countsOf(changed: R): Act['counts'];
}

interface Rehearsed {
  /** where each user's log stood */
  readonly arrivals: readonly Pick<Arrival, 'userId' | 'arrival'>[];
  readonly memories: readonly MemoryRow[];
}

const tries = 8;

@Injectable()
export class LogEdits {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
    private readonly lateReplay: LateReplay,
  ) {}

  /** Durable when it returns; null: there was nothing to change, and nothing was written. */
  async apply<R>(edit: LogEdit<R>): Promise<R | null> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.attempt(edit);
      } catch (error) {
        if (tried === tries || !(isRetriable(error) || isTableGone(error))) throw error;
        await sleep(20 * 2 ** tried * Math.random());
      }
    }
  }

  private async attempt<R>(edit: LogEdit<R>): Promise<R | null> {
    const live = await this.networks.refresh();
    const names = edit.userIds.map((userId) => `${this.config.databaseSchema} ${userId}`);
    return inTurn(this.dataSource, this.logger, { lock: advisoryLock.logEdit, names }, async (session) => {
      await refuseMerged(session, edit.userIds);
      const rehearsed = live === null ? null : await rehearse(session, live, edit);
      if (live !== null && rehearsed === null) return null;
      const { changed, toReplay } = await session.transaction(async (tx) => this.applyIn(tx, edit, live, rehearsed));
      if (toReplay.length > 0) this.lateReplay.wake();
      return changed;
    });
  }

  private async applyIn<R>(
    tx: EntityManager,
    edit: LogEdit<R>,
    live: LiveNetwork | null,
    rehearsed: Rehearsed | null,
  ): Promise<{ readonly changed: R | null; readonly toReplay: readonly string[] }> {
    const { databaseSchema: schema } = this.config;
    const { userIds } = edit;
    await (live === null ? lockMemoryVersion(tx, schema) : shareMemoryVersion(tx, schema));
    if ((await findLiveModel(tx))?.version !== live?.version)
      throw new RecollectError('MODEL_SWITCHED', 'another model began to serve meanwhile; the edit is tried again');
    let toReplay: readonly string[] = [];
    const locked = live === null ? [] : await lockUsers(tx, memoriesOf(live.version), live.network, userIds);
    if (live !== null && locked.length < userIds.length) throw edited();
    const since = await arrivedSince(tx, rehearsed?.arrivals ?? []);
    const changed = await edit.change(tx);
    if (changed !== null) {
      await dropReplayRequests(tx, userIds);
      if (live !== null && rehearsed !== null) {
        const table = memoriesOf(live.version);
        const gone = new Set(edit.gone);
        const memories = rehearsed.memories.filter(({ userId }) => !gone.has(userId));
        const saved = await saveMemories(tx, table, memories);
        await deleteMemories(tx, table, [...gone]);
        const left = await findArrivals(
          tx,
          since.map(({ arrival }) => arrival),
        );
        const events = left.map((event) => ({ ...event, occurredAt: event.occurredAt.getTime() }));
        const pins = await PinnedSlots.read(tx, live.version, events.length > 0 ? userIds : []);
        ({ toReplay } = await remember(tx, table, live.network, saved, events, pins));
        await requestReplay(tx, toReplay);
      }
      await holdExperiment(tx);
      await deleteOtherMemories(tx, live?.version ?? null, userIds);
      await noteMemoryEdit(tx, schema, userIds);
      await edit.settle(tx, changed);
    }
    if (live !== null) await deleteUnwritten(tx, memoriesOf(live.version), userIds);
    if (changed !== null) {
      await recordAct(tx, this.config, { by: edit.by, action: edit.action, userIds, counts: edit.countsOf(changed) });
    }
    return { changed, toReplay };
  }
}

/** Their histories are another user's. */
export async function refuseMerged(session: EntityManager, userIds: readonly string[]): Promise<void> {
  if ((await mergesOf(session, userIds)).size === 0) return;
  throw new RecollectError(
    'BAD_INPUT',
    'the id was merged into another user, whom an export of it names: name that one',
  );
}

/** What the edit would leave; null: it would change nothing. */
async function rehearse(session: EntityManager, live: LiveNetwork, edit: LogEdit<unknown>): Promise<Rehearsed | null> {
  const runner = session.queryRunner;
  if (runner === undefined) throw new Error('a session has a connection of its own');
  try {
    await runner.startTransaction('REPEATABLE READ'); // two statements: one that fails at the second is in a transaction
    const arrivals = await lastArrivals(session, edit.userIds);
    if ((await edit.change(session)) === null) return null;
    return { arrivals, memories: await replayed(session, live, edit.userIds, null) };
  } finally {
    await runner.rollbackTransaction();
  }
}

/** Memories of a version that was dropped between two statements. */
function isTableGone(error: unknown): boolean {
  return codeOf(error) === '42P01';
}
