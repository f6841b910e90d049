/**
 * Promotion: another version of the model begins to serve, without a stop and without a lost interaction.
 *
 *   cut        everything at or below an arrival number is visible (log-cut.store)
 *   rebuild    every user's memory under the new version, out of the log up to the cut, while the old version serves
 *   catch up   cut again and apply what arrived since; until that is little, or no less than the time before
 *   switch     in one transaction that holds writers off: apply the last of it, point `live_model` to the new version
 *   clean up   drop memories of versions older than the replaced one, which other processes still read for a moment
 *
 * The memories that begin to serve equal an in-order replay of the log bit for bit. One promotion at a time: its session
 * holds an advisory lock, and the switch runs in that session, so that it can't commit once the lock is lost. What fails before
 * the switch leaves the old version as it was, and the half-built memories are removed, here or by the next promotion.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { follow } from '../memory/memory-follow.js';
import { rebuild, type RebuildProgress } from '../memory/memory-rebuild.js';
import type { Network } from '../model/network.js';
import { advisoryLock } from '../storage/data-source.js';
import { lockMemoryVersion, readCut, takeCut } from '../storage/log-cut.store.js';
import { listMemoryPartitions, removeMemoryPartition } from '../storage/memory-partition.store.js';
import { findLiveModel, findModel, setLiveModel, setModelStatus } from '../storage/model.store.js';
import { whileLocked } from '../storage/session-lock.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { LiveModel } from './live-model.js';
import { loadNetwork } from './network-loader.js';

export interface PromoteOptions {
  /** ends the promotion before the switch */
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: 'REBUILDING' | 'SWITCHING', users: number, usersTotal: number) => void;
  /** done in the transaction of the switch: both happen or neither */
  readonly alongside?: (tx: EntityManager) => Promise<void>;
}

export interface Promoted {
  readonly version: number;
  /** the version that served before; null: none did */
  readonly replaced: number | null;
}

/** So few events are left to the switch, which holds writers off while it applies them. */
const fewEvents = 500;

@Injectable()
export class Promotion {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
    private readonly liveModel: LiveModel,
  ) {}

  /** Throws PROMOTION_UNDER_WAY, NOT_FOUND, BAD_INPUT for a version that the gate refused, CHECKPOINT_INVALID, or the signal's reason. */
  async promote(version: number, options: PromoteOptions = {}): Promise<Promoted> {
    return this.alone(async (session) => {
      const replaced = (await findLiveModel(session))?.version ?? null;
      if (replaced === version) {
        await session.transaction(async (tx) => options.alongside?.(tx));
        return { version, replaced };
      }
      await refuseRejected(session, version);
      const network = await loadNetwork(session, version);
      await this.removeOldMemories();
      try {
        const standing = await this.build(version, network, options);
        await this.switchTo(session, version, network, standing, options);
      } catch (error) {
        await this.removeOldMemories();
        throw error;
      }
      this.logger.info({ modelVersion: version, replaced }, 'a model was promoted');
      await this.liveModel.refresh();
      await this.removeOldMemories();
      return { version, replaced };
    });
  }

  /** The gate said no. */
  async reject(version: number, alongside: (tx: EntityManager) => Promise<void>): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await setModelStatus(tx, version, 'REJECTED');
      await alongside(tx);
    });
  }

  /** All memories under the version; returns the arrival number that they stand at. */
  private async build(version: number, network: Network, options: PromoteOptions): Promise<bigint> {
    const { signal, onProgress } = options;
    let standing = await this.cut();
    const onRebuilt = ({ users, usersTotal }: RebuildProgress): void => onProgress?.('REBUILDING', users, usersTotal);
    await rebuild(this.dataSource, version, network, standing, onRebuilt, signal);
    for (let behind = Infinity; ;) {
      const cut = await this.cut();
      const isCloser = Number(cut - standing) < behind;
      behind = Number(cut - standing);
      if (behind <= fewEvents || !isCloser) return standing;
      for (const begun = standing; standing < cut;) {
        signal?.throwIfAborted();
        onProgress?.('SWITCHING', Number(standing - begun), behind);
        const from = standing;
        standing = await this.dataSource.transaction(async (tx) => follow(tx, network, version, from, cut));
      }
    }
  }

  private async cut(): Promise<bigint> {
    return takeCut(this.dataSource.manager, this.config.databaseSchema);
  }

  private async switchTo(
    session: EntityManager,
    version: number,
    network: Network,
    standing: bigint,
    { signal, onProgress, alongside }: PromoteOptions,
  ): Promise<void> {
    onProgress?.('SWITCHING', 0, 0);
    await session.transaction(async (tx) => {
      await lockMemoryVersion(tx, this.config.databaseSchema);
      const end = await readCut(tx);
      for (let at = standing; at < end;) at = await follow(tx, network, version, at, end);
      await setLiveModel(tx, version);
      await alongside?.(tx);
      signal?.throwIfAborted();
    });
  }

  /** Runs with a session that no other promotion has at the same time. */
  private async alone<T>(work: (session: EntityManager) => Promise<T>): Promise<T> {
    const taken = new RecollectError('PROMOTION_UNDER_WAY', 'another promotion is under way; wait for its end');
    const lock = { lock: advisoryLock.promotion, name: this.config.databaseSchema, taken };
    return whileLocked(this.dataSource, this.logger, lock, work);
  }

  /**
   * Drops the memories of all versions but the one that serves and the one that it replaced. Asks the database which those are,
   * so that a switch whose commit was not heard of is safe. What fails here is done by the next promotion.
   */
  private async removeOldMemories(): Promise<void> {
    const { manager } = this.dataSource;
    try {
      const live = await findLiveModel(manager);
      for (const version of await listMemoryPartitions(manager)) {
        if (version !== live?.version && version !== live?.replaced) await removeMemoryPartition(manager, version);
      }
    } catch (error) {
      logError(
        this.logger,
        error,
        'memories of versions that serve no more were not dropped; the next promotion does it',
      );
    }
  }
}

async function refuseRejected(manager: EntityManager, version: number): Promise<void> {
  const model = await findModel(manager, version);
  if (model?.status !== 'REJECTED') return; // that it exists is checked when it is loaded
  throw new RecollectError('BAD_INPUT', `model ${version} was refused by the gate; train another one`, {
    field: 'version',
  });
}
