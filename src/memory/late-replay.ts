/**
 * Makes memories anew behind the write path: of users with an event that came late, or whose stored memory was damaged.
 *
 *   read      one snapshot of the log: the users' sequences, replayed from the empty memory; no lock is held meanwhile
 *   lock      the users' memories; the snapshot lacks exactly what arrived since, for a user's events commit in the order of arrival
 *   save      the replayed memories, and what arrived since applied to them; what of that came late asks for another replay
 *
 * So a history of any length holds no writer up, and many late events of a user cost one replay. One process of a deployment does it
 * at a time. A request outlives every crash, and goes with the transaction that saves the memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { advisoryLock } from '../storage/data-source.js';
import { arrivedSince, lastArrivals } from '../storage/interaction.store.js';
import { shareMemoryVersion } from '../storage/log-cut.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { removeReplayRequests, requestReplay, waitingForReplay } from '../storage/replay-request.store.js';
import { whileLocked } from '../storage/session-lock.js';
import { memoriesOf, saveMemories } from '../storage/user-memory.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { replayed } from './memory-replay.js';
import { NETWORK_SOURCE, type NetworkSource } from './network-source.js';
import { holdUsers, remember } from './remember.js';

/** Users of one transaction: writers of the same users wait for it. */
const usersAtOnce = 32;
/** How often requests of processes that are gone are looked for. */
const lookEveryMs = 1_000;

const taken = new RecollectError('REPLAY_UNDER_WAY', 'another process of the deployment replays');

@Injectable()
export class LateReplay implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;
  private underWay: Promise<void> | null = null;
  private isWanted = false;
  private isStopping = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.wake();
    }, lookEveryMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.underWay;
  }

  /** Tells that there are requests. */
  wake(): void {
    this.isWanted = true;
    this.underWay ??= this.work().finally(() => (this.underWay = null));
  }

  /** Until no user of the live version waits, whichever process replays: for who ends after he has written. */
  async finish(): Promise<void> {
    while (this.networks.current() !== null && (await waitingForReplay(this.dataSource.manager, 1)).length > 0) {
      this.wake();
      await this.underWay;
      await sleep(100);
    }
  }

  private async work(): Promise<void> {
    while (this.isWanted && !this.isStopping) {
      this.isWanted = false;
      try {
        if ((await waitingForReplay(this.dataSource.manager, 1)).length === 0) continue;
        const lock = { lock: advisoryLock.replay, name: this.config.databaseSchema, taken };
        await whileLocked(this.dataSource, this.logger, lock, async (session) => this.replayAll(session));
      } catch (error) {
        if (error !== taken) logError(this.logger, error, 'late events were not replayed yet; it is tried again');
      }
    }
  }

  private async replayAll(session: EntityManager): Promise<void> {
    while (!this.isStopping) {
      const userIds = await waitingForReplay(session, usersAtOnce);
      if (userIds.length === 0 || !(await this.replay(session, userIds))) return;
    }
  }

  /** False where another version began to serve meanwhile. */
  private async replay(session: EntityManager, userIds: readonly string[]): Promise<boolean> {
    const live = await this.networks.refresh();
    if (live === null) return false;
    const { version, network } = live;
    const read = await session.transaction('REPEATABLE READ', async (tx) => ({
      arrivals: await lastArrivals(tx, userIds),
      memories: await replayed(tx, network, userIds, null),
    }));
    return session.transaction(async (tx) => {
      await shareMemoryVersion(tx, this.config.databaseSchema);
      if ((await findLiveModel(tx))?.version !== version) return false;
      const table = memoriesOf(version);
      const users = userIds.map((userId) => ({ userId }));
      const held = await holdUsers(tx, table, network, users);
      const wanted = new Set(await removeReplayRequests(tx, userIds));
      const memories = read.memories.filter(({ userId }) => wanted.has(userId));
      await saveMemories(tx, table, memories);
      const since = await arrivedSince(
        tx,
        read.arrivals.filter(({ userId }) => wanted.has(userId)),
      );
      const events = since.map((event) => ({ ...event, occurredAt: event.occurredAt.getTime() }));
      const numbers = new Map(held.map(({ userId, sequenceNumber }) => [userId, sequenceNumber + 1]));
      const saved = memories.map((memory) => ({ ...memory, sequenceNumber: numbers.get(memory.userId) ?? 1 }));
      await requestReplay(tx, (await remember(tx, table, network, saved, events)).toReplay);
      return true;
    });
  }
}
