/**
 * The write path for an empty log under which no model serves: `import` fills it with files far faster than row by row, and what comes
 * out is the same. One transaction:
 *
 *   hold the version of the memories     no model is promoted meanwhile: there are no memories to write
 *   lock the log                         nobody else adds to it; and nobody reads it until the load ends
 *   copy the rows in their order         a key that seems to have come before is left to the ordinary write path, which tells
 *   build the indexes, write the counts, create unknown items and users if the settings say so
 */
import type { DataSource, QueryRunner } from 'typeorm';
import type { Config } from '../config.js';
import type { Interaction } from '../model/interaction.js';
import type { BinaryCopy } from '../storage/binary-copy.js';
import {
  analyzeLog,
  buildIndexes,
  copyInteractions,
  countLog,
  dropIndexes,
  lockEmptyLog,
  startCopy,
} from '../storage/interaction-load.store.js';
import { isAnyoneErased } from '../storage/erasure.store.js';
import { isAnythingForgotten } from '../storage/forgotten-interaction.store.js';
import { isAnyoneMerged } from '../storage/user-merge.store.js';
import { shareMemoryVersion } from '../storage/log-cut.store.js';
import { findLiveModel } from '../storage/model.store.js';
import { KeyCounts } from './key-counts.js';
import { createUnknownOfLog } from './unknown.js';
import { keyOf } from './verdict.js';

type Indexes = Awaited<ReturnType<typeof dropIndexes>>;

export class FirstLoad {
  private readonly keys = new KeyCounts();

  private constructor(
    private readonly runner: QueryRunner,
    private readonly config: Config,
    private readonly indexes: Indexes,
    private readonly copy: BinaryCopy,
  ) {}

  /** null where the log has rows, a model serves or something was forgotten, erased or merged, which the ordinary path minds. */
  static async begin(dataSource: DataSource, config: Config): Promise<FirstLoad | null> {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await shareMemoryVersion(runner.manager, config.databaseSchema);
      const { manager } = runner;
      const isEdited =
        (await isAnythingForgotten(manager)) || (await isAnyoneErased(manager)) || (await isAnyoneMerged(manager));
      const isFree = (await findLiveModel(manager)) === null && !isEdited;
      if (isFree && (await lockEmptyLog(runner.manager))) {
        const indexes = await dropIndexes(runner.manager);
        return new FirstLoad(runner, config, indexes, await startCopy(manager));
      }
    } catch (error) {
      await giveUp(runner);
      throw error;
    }
    await giveUp(runner);
    return null;
  }

  /** Adds rows in their order; returns whether each was taken. One that wasn't goes to the ordinary write path after the end. */
  async add(interactions: readonly Interaction[]): Promise<readonly boolean[]> {
    const isNew = interactions.map((interaction) => this.keys.add(keyOf(interaction)) === 1);
    await copyInteractions(
      this.copy,
      interactions.filter((_, at) => isNew[at]),
    );
    return isNew;
  }

  async commit(): Promise<void> {
    await this.copy.end();
    await buildIndexes(this.runner.manager, this.indexes);
    await countLog(this.runner.manager);
    await createUnknownOfLog(this.runner.manager, this.config);
    await this.runner.commitTransaction();
    await analyzeLog(this.runner.manager);
    await this.runner.release();
  }

  /** Leaves the log empty, as it was. */
  async abandon(): Promise<void> {
    await this.copy.abandon();
    await giveUp(this.runner);
  }
}

async function giveUp(runner: QueryRunner): Promise<void> {
  // a connection that is lost is rolled back by Postgres, and why it was lost is what is to be told
  if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
  await runner.release();
}
