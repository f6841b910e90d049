import { Inject } from '@nestjs/common';
import { Args, Resolver, Subscription } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { NETWORK_SOURCE, type NetworkSource } from '../memory/network-source.js';
import { Profiles, type MemoryProfile } from '../recommend/profile.js';
import type { TrainingRunEntity } from '../storage/training-run.entity.js';
import { findRun, runVersions } from '../storage/training-run.store.js';
import { memoryVersions } from '../storage/user-memory-read.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { ofUserId, Scopes } from './access.js';
import { checkId } from './arguments.js';
import { ChangeWatch, type VersionsOf } from './change-watch.js';
import { Id } from './id.scalar.js';
import { MemoryProfileType } from './memory-profile.type.js';
import { uuid } from './training-run.resolver.js';
import { TrainingRun } from './training-run.type.js';

@Resolver()
export class SubscriptionResolver {
  readonly memories: ChangeWatch;
  readonly runs: ChangeWatch;

  constructor(
    private readonly dataSource: DataSource,
    private readonly profiles: Profiles,
    @Inject(NETWORK_SOURCE) private readonly networks: NetworkSource,
    @Inject(CONFIG) { databaseTimeoutMs }: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    const watch = (versionsOf: VersionsOf): ChangeWatch =>
      new ChangeWatch(versionsOf, databaseTimeoutMs, (error) => {
        logError(logger, error, 'what subscriptions wait for was not looked up; it is tried again');
      });
    this.memories = watch(async (userIds) => this.memoryVersions(userIds));
    this.runs = watch(async (ids) => {
      const rows = await runVersions(this.dataSource.manager, ids);
      return new Map(rows.map(({ id, writtenBy }) => [id, writtenBy]));
    });
  }

  @Scopes('reader', ofUserId)
  @Subscription(() => MemoryProfileType, {
    description:
      'The memory of a user, now and again whenever it has changed: by an interaction, by forgetting, by another live model. Changes in quick ' +
      'succession come as one.',
  })
  memoryChanged(
    @Args('userId', { type: () => Id, description: 'The user.' }) userId: string,
  ): AsyncIterableIterator<{ readonly memoryChanged: MemoryProfile }> {
    const id = checkId(userId, 'userId');
    return this.memories.changesOf(id, async () => ({ memoryChanged: await this.profiles.of(id) }));
  }

  @Scopes('operator')
  @Subscription(() => TrainingRun, {
    description:
      'A training run, now and again whenever it has changed, until it has ended. NOT_FOUND where no run has the id.',
  })
  trainingRunChanged(
    @Args('id', { type: () => Id, description: 'Its id.' }) id: string,
  ): AsyncIterableIterator<{ readonly trainingRunChanged: TrainingRunEntity }> {
    if (!uuid.test(id)) throw noSuchRun();
    const load = async (): Promise<{ readonly trainingRunChanged: TrainingRunEntity }> => {
      const run = await findRun(this.dataSource.manager, id);
      if (run === null) throw noSuchRun();
      return { trainingRunChanged: run };
    };
    return this.runs.changesOf(id.toLowerCase(), load, ({ trainingRunChanged: { status } }) => !isActive(status));
  }

  /** Another live model is another memory, whether a user has one under it or not. */
  private async memoryVersions(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const live = this.networks.current()?.version;
    if (live === undefined) return new Map();
    const rows = await memoryVersions(this.dataSource.manager, live, userIds);
    const writers = new Map(rows.map(({ id, writtenBy }) => [id, writtenBy]));
    return new Map(userIds.map((id) => [id, `${live} ${writers.get(id) ?? ''}`]));
  }
}

function isActive(status: TrainingRunEntity['status']): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

function noSuchRun(): RecollectError {
  return new RecollectError('NOT_FOUND', 'no training run has this id');
}
