/**
 * Makes memories anew behind the write path: of users with an event that came late, or whose stored memory was damaged.
 *
 *   read      one snapshot of the log: the users' sequences, replayed from the empty memory; no lock is held meanwhile
 *   lock      the users' memories; the snapshot lacks exactly what arrived since, for a user's events commit in the order of arrival
 *   save      the replayed memories, and what arrived since applied to them; what of that came late asks for another replay
 *
 * A user whose log was edited meanwhile has a right memory and no request any more, or another one: what was replayed is left.
 * So a history of any length holds no writer up, and many late events of a user cost one replay. Long histories go one by one in a
 * lane of their own, so that no other user waits for them. One process of a deployment works in a lane at a time. A request outlives
 * every crash, and goes with the transaction that saves the memory.
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
import {
  anyWaitsForReplay,
  removeReplayRequests,
  replayRequestsOf,
  requestReplay,
  waitingForReplay,
} from '../storage/replay-request.store.js';
import { whileLocked } from '../storage/session-lock.js';
import { deleteUnwritten, memoriesOf, saveMemories } from '../storage/user-memory.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { replayed } from './memory-replay.js';
import { NETWORK_SOURCE, type NetworkSource } from './network-source.js';
import { PinnedSlots } from './pinned-slots.js';
import { lockUsers, remember } from './remember.js';

interface Lane {
  readonly lock: number;
  /** whether it is that of long histories */
  readonly isLong: boolean;
  /** of one transaction: writers of the same users wait for it */
  readonly usersAtOnce: number;
}

const lanes: readonly Lane[] = [
  { lock: advisoryLock.replay, isLong: false, usersAtOnce: 32 },
  { lock: advisoryLock.longReplay, isLong: true, usersAtOnce: 1 },
];

/** How often requests of processes that are gone are looked for. */
const lookEveryMs = 1_000;

const taken = new RecollectError('REPLAY_UNDER_WAY', 'another process of the deployment replays');

@Injectable()
export class LateReplay implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;
  private readonly underWay = new Map<Lane, Promise<void>>();
  private readonly wanted = new Set<Lane>();
  private readonly stop = new AbortController();

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
    this.stop.abort();
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all(this.underWay.values());
  }

  /** Tells that there are requests. */
  wake(): void {
    for (const lane of lanes) {
      this.wanted.add(lane);
      if (!this.underWay.has(lane))
        this.underWay.set(
          lane,
          this.work(lane).finally(() => this.underWay.delete(lane)),
        );
    }
  }

  /** Until no user of the live version waits, whichever process replays: for who ends after he has written. */
  async finish(): Promise<void> {
    while (this.networks.current() !== null && (await anyWaitsForReplay(this.dataSource.manager))) {
      this.wake();
      await Promise.all(this.underWay.values());
      await sleep(100);
    }
  }

  private async work(lane: Lane): Promise<void> {
    while (this.wanted.delete(lane) && !this.isStopping) {
      try {
        if ((await waitingForReplay(this.dataSource.manager, lane.isLong, 1)).length === 0) continue;
        const lock = { lock: lane.lock, name: this.config.databaseSchema, taken, isBrief: true };
        await whileLocked(this.dataSource, this.logger, lock, async (session) => this.replayAll(session, lane));
      } catch (error) {
        if (error !== taken && error !== this.stop.signal.reason)
          logError(this.logger, error, 'late events were not replayed yet; it is tried again');
      }
    }
  }

  private get isStopping(): boolean {
    return this.stop.signal.aborted;
  }

  private async replayAll(session: EntityManager, lane: Lane): Promise<void> {
    while (!this.isStopping) {
      const userIds = await waitingForReplay(session, lane.isLong, lane.usersAtOnce);
      if (userIds.length === 0 || !(await this.replay(session, userIds))) return;
    }
  }

  /** False where another version began to serve meanwhile. */
  private async replay(session: EntityManager, userIds: readonly string[]): Promise<boolean> {
    const live = await this.networks.refresh();
    if (live === null) return false;
    const { version, network } = live;
    const read = await session.transaction('REPEATABLE READ', async (tx) => ({
      requests: await replayRequestsOf(tx, userIds),
      arrivals: await lastArrivals(tx, userIds),
      memories: await replayed(tx, live, userIds, null, this.stop.signal),
    }));
    return session.transaction(async (tx) => {
      await shareMemoryVersion(tx, this.config.databaseSchema);
      if ((await findLiveModel(tx))?.version !== version) return false;
      const table = memoriesOf(version);
      await lockUsers(tx, table, network, userIds);
      const wanted = new Set(await removeReplayRequests(tx, read.requests));
      const saved = await saveMemories(
        tx,
        table,
        read.memories.filter(({ userId }) => wanted.has(userId)),
      );
      await deleteUnwritten(tx, table, userIds);
      const since = await arrivedSince(
        tx,
        read.arrivals.filter(({ userId }) => wanted.has(userId)),
      );
      const events = since.map((event) => ({ ...event, occurredAt: event.occurredAt.getTime() }));
      const pins = await PinnedSlots.read(tx, version, [...new Set(events.map(({ userId }) => userId))]);
      await requestReplay(tx, (await remember(tx, table, network, saved, events, pins)).toReplay);
      return true;
    });
  }
}
