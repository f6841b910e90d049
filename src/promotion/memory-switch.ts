/**
 * Memories of a version, made out of the log while others serve, take their place in one transaction: see `promotion` for the steps.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { codeOf } from '../errors.js';
import { follow } from '../memory/memory-follow.js';
import { rebuild, type RebuildProgress } from '../memory/memory-rebuild.js';
import type { Network } from '../model/network.js';
import { holdExperiment } from '../storage/experiment.store.js';
import { lockMemoryVersion, readCut, takeCut } from '../storage/log-cut.store.js';
import { deleteMemoryEdits } from '../storage/memory-edit.store.js';
import { attachShadow, createShadow, dropShadow, type MemoryTable } from '../storage/user-memory.store.js';
import { logError, type Logger } from '../telemetry.js';

export interface PromoteOptions {
  /** ends the promotion before the switch */
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: 'REBUILDING' | 'SWITCHING', users: number, usersTotal: number) => void;
  /** done in the transaction of the switch: both happen or neither */
  readonly alongside?: (tx: EntityManager) => Promise<void>;
  /** threads of the rebuild; default: this one */
  readonly threads?: number;
}

/** What the switch makes of the memories that are there now, and stand at an arrival number. */
export type Settle = (tx: EntityManager, standing: bigint) => Promise<void>;

/** The switch waits so long for those who read memories, which holds the next ones up, then lets them pass and tries again. */
const lockTimeoutMs = 2_000;
const switchAttempts = 10;
const switchPauseMs = 1_000;

/** So few events are left to the switch, which holds writers off while it applies them. */
const fewEvents = 500;

export class MemorySwitch {
  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
    private readonly dataSource: DataSource,
  ) {}

  /** The memories of a version, made anew, take their place, and `settle` says what follows from it. */
  async replace(
    session: EntityManager,
    version: number,
    network: Network,
    options: PromoteOptions,
    settle: Settle,
  ): Promise<void> {
    const table = await session.transaction(async (tx) => createShadow(tx, version));
    try {
      const standing = await this.build(session, table, network, options);
      for (let attempt = 1; ; attempt++) {
        try {
          await this.switchTo(session, table, standing, network, options, settle);
          return;
        } catch (error) {
          if (attempt === switchAttempts || !isLockTimeout(error)) throw error;
          await sleep(switchPauseMs);
        }
      }
    } catch (error) {
      // in the session: once its lock is lost what is there may be another's
      await Promise.all([dropShadow(session, table), deleteMemoryEdits(session, null)]).catch((fault: unknown) => {
        logError(this.logger, fault, 'half-built memories were not dropped; the next promotion or rebuild does it');
      });
      throw error;
    }
  }

  /** Fills the shadow with all memories under its version; returns the arrival number that they stand at. */
  private async build(
    session: EntityManager,
    table: MemoryTable,
    network: Network,
    options: PromoteOptions,
  ): Promise<bigint> {
    const { signal, onProgress, threads = 1 } = options;
    let standing = await this.cut();
    await deleteMemoryEdits(session, standing); // of one that was killed
    const onRebuilt = ({ users, usersTotal }: RebuildProgress): void => onProgress?.('REBUILDING', users, usersTotal);
    await rebuild(this.dataSource, this.config, table, network, standing, { onProgress: onRebuilt, signal, threads });
    for (let behind = Infinity; ;) {
      const cut = await this.cut();
      const isCloser = Number(cut - standing) < behind;
      behind = Number(cut - standing);
      if (behind <= fewEvents || !isCloser) return standing;
      for (const begun = standing; standing < cut;) {
        signal?.throwIfAborted();
        onProgress?.('SWITCHING', Number(standing - begun), behind);
        const from = standing;
        standing = await this.dataSource.transaction(async (tx) => follow(tx, network, table, from, cut));
      }
    }
  }

  private async cut(): Promise<bigint> {
    return takeCut(this.dataSource.manager, this.config.databaseSchema);
  }

  private async switchTo(
    session: EntityManager,
    table: MemoryTable,
    standing: bigint,
    network: Network,
    { signal, onProgress, alongside }: PromoteOptions,
    settle: Settle,
  ): Promise<void> {
    onProgress?.('SWITCHING', 0, 0);
    await session.transaction(async (tx) => {
      await lockMemoryVersion(tx, this.config.databaseSchema);
      const end = await readCut(tx);
      for (let at = standing; at < end;) at = await follow(tx, network, table, at, end);
      await tx.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      await holdExperiment(tx); // before the table, as its challenger's memories are written
      await attachShadow(tx, table);
      await settle(tx, end);
      await deleteMemoryEdits(tx, end);
      await alongside?.(tx);
      signal?.throwIfAborted();
    });
  }
}

function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03';
}
