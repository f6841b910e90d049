/**
 * Promotion: another version of the model begins to serve, without a stop and without a lost interaction.
 *
 *   cut        everything at or below an arrival number is visible (log-cut.store)
 *   rebuild    every user's memory under the new version, out of the log up to the cut, in a shadow table, while the old version serves
 *   catch up   cut again and apply what arrived since; until that is little, or no less than the time before
 *   switch     in one transaction that holds writers off: apply the last of it, attach the shadow, point `live_model` to the new version
 *   clean up   drop memories of versions older than the replaced one, which other processes still read for a moment
 *
 * The memories that begin to serve equal an in-order replay of the log bit for bit. One promotion at a time: its session
 * holds an advisory lock, and the switch runs in that session, so that it can't commit once the lock is lost. What fails before
 * the switch leaves the old version as it was, and the half-built memories are removed, here or by the next promotion.
 * The memories of the version that serves are made anew in the same way, see `rebuild`, and those of an experiment's challenger made.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { advisoryLock } from '../storage/data-source.js';
import { endExperiment, findExperiment, putExperiment } from '../storage/experiment.store.js';
import { listMemoryPartitions, removeMemoryPartition } from '../storage/memory-partition.store.js';
import { findLiveModel, findModel, setLiveModel, setModelStatus } from '../storage/model.store.js';
import { whileLocked } from '../storage/session-lock.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { LiveModel } from './live-model.js';
import { MemorySwitch, type PromoteOptions, type Settle } from './memory-switch.js';
import { loadNetwork } from './network-loader.js';

export interface Promoted {
  readonly version: number;
  /** the version that served before; null: none did */
  readonly replaced: number | null;
}

@Injectable()
export class Promotion {
  private readonly memories: MemorySwitch;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
    private readonly liveModel: LiveModel,
  ) {
    this.memories = new MemorySwitch(config, logger, dataSource);
  }

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
      await this.memories.replace(session, version, network, options, this.serve(version));
      this.logger.info({ modelVersion: version, replaced }, 'a model was promoted');
      await this.liveModel.refresh();
      await this.removeOldMemories();
      return { version, replaced };
    });
  }

  /**
   * From the end of this on a share of the users is answered by another version, whose memories are made as a promotion makes them.
   * Throws as `promote`; BAD_INPUT for the version that serves, and while another experiment is under way.
   */
  async startExperiment(
    version: number,
    share: number,
    options: PromoteOptions & { readonly reason?: string | null } = {},
  ): Promise<void> {
    await this.alone(async (session) => {
      await refuseExperiment(session);
      if ((await liveVersion(session)) === version) throw badVersion(`model ${version} serves already`);
      await refuseRejected(session, version);
      const network = await loadNetwork(session, version);
      await this.memories.replace(session, version, network, options, async (tx, standing) => {
        const { reason = null } = options;
        await putExperiment(tx, { version, share, seed: randomUUID(), reason, standing: standing.toString() });
      });
      this.logger.info({ modelVersion: version, share }, 'an experiment began');
      await this.liveModel.refresh();
    });
  }

  /** All users are answered by the live version again. The version whose experiment it was; null: none was under way. */
  async endExperiment(): Promise<number | null> {
    return this.alone(async (session) => {
      const version = await session.transaction(async (tx) => endExperiment(tx));
      await this.liveModel.refresh();
      await sleep(2 * this.config.refreshMs); // others have heard of it by then, and read these memories no more
      await this.removeOldMemories();
      return version;
    });
  }

  /** Makes the memories of the version that serves anew and swaps them in. Throws as `promote`; NOT_FOUND where none serves. */
  async rebuild(options: PromoteOptions = {}): Promise<number> {
    return this.alone(async (session) => {
      await refuseExperiment(session);
      const version = await liveVersion(session);
      const network = await loadNetwork(session, version);
      await this.memories.replace(session, version, network, options, this.serve(version));
      this.logger.info({ modelVersion: version }, 'the memories were made anew');
      return version;
    });
  }

  /** The gate said no. */
  async reject(version: number, alongside: (tx: EntityManager) => Promise<void>): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await setModelStatus(tx, version, 'REJECTED');
      await alongside(tx);
    });
  }

  /** The memories begin to serve; an experiment ends with what it was compared with. */
  private serve(version: number): Settle {
    return async (tx) => {
      if ((await findLiveModel(tx))?.version === version) return;
      const ended = await endExperiment(tx);
      await setLiveModel(tx, version);
      if (ended !== null) this.logger.warn({ modelVersion: ended }, 'an experiment ends with a promotion');
    };
  }

  /** Runs with a session that no other promotion has at the same time. */
  private async alone<T>(work: (session: EntityManager) => Promise<T>): Promise<T> {
    const taken = new RecollectError('PROMOTION_UNDER_WAY', 'another promotion is under way; wait for its end');
    const lock = { lock: advisoryLock.promotion, name: this.config.databaseSchema, taken };
    return whileLocked(this.dataSource, this.logger, lock, work);
  }

  /**
   * Drops the memories of all versions but the one that serves, the one that it replaced and an experiment's. Asks the database which those are,
   * so that a switch whose commit was not heard of is safe. What fails here is done by the next promotion.
   */
  private async removeOldMemories(): Promise<void> {
    const { manager } = this.dataSource;
    try {
      const live = await findLiveModel(manager);
      const experiment = await findExperiment(manager);
      for (const version of await listMemoryPartitions(manager)) {
        const isKept = version === live?.version || version === live?.replaced || version === experiment?.version;
        if (!isKept) await removeMemoryPartition(manager, version);
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

async function refuseExperiment(session: EntityManager): Promise<void> {
  const experiment = await findExperiment(session);
  if (experiment === null) return;
  const under = `an experiment with model ${experiment.version} is under way`;
  throw new RecollectError('BAD_INPUT', `${under}; end it first: recollect experiment end`);
}

function badVersion(message: string): RecollectError {
  return new RecollectError('BAD_INPUT', message, { field: 'version' });
}

/** The version whose memories are kept; throws NOT_FOUND where none serves. */
export async function liveVersion(manager: EntityManager): Promise<number> {
  const live = await findLiveModel(manager);
  if (live === null)
    throw new RecollectError('NOT_FOUND', 'no model serves yet, so there are no memories; train one first');
  return live.version;
}

async function refuseRejected(manager: EntityManager, version: number): Promise<void> {
  const model = await findModel(manager, version);
  if (model?.status !== 'REJECTED') return; // that it exists is checked when it is loaded
  throw badVersion(`model ${version} was refused by the gate; train another one`);
}
