import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import type { TrainingRunEntity, TrainingStatus } from '../storage/training-run.entity.js';
import { findRun, listRuns } from '../storage/training-run.store.js';
import { TrainingQueue } from '../training/training-queue.js';
import { Scopes } from './access.js';
import { checkFirst, optionalText } from './arguments.js';
import { afterArgument, connectionOf, firstArgument, readCursor, type Connection } from './connection.js';
import { Id } from './id.scalar.js';
import { StartTrainingInput, StartTrainingPayload } from './start-training.type.js';
import { TrainingRun, TrainingRunConnection, TrainingStatusEnum } from './training-run.type.js';
import { userErrorsOf } from './user-error.type.js';

export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const longestText = 1_000;

@Resolver(() => TrainingRun)
export class TrainingRunResolver {
  constructor(
    private readonly dataSource: DataSource,
    private readonly queue: TrainingQueue,
  ) {}

  @Scopes('operator')
  @Query(() => TrainingRun, { nullable: true, description: 'A training run; null if no run has the id.' })
  async trainingRun(
    @Args('id', { type: () => Id, description: 'Its id.' }) id: string,
  ): Promise<TrainingRunEntity | null> {
    return uuid.test(id) ? findRun(this.dataSource.manager, id) : null;
  }

  @Scopes('operator')
  @Query(() => TrainingRunConnection, { description: 'Training runs, the newest first.' })
  async trainingRuns(
    @Args(firstArgument) first: number,
    @Args(afterArgument) after: string | null | undefined,
    @Args('status', { type: () => TrainingStatusEnum, nullable: true, description: 'Only those that stand so.' })
    status: TrainingStatus | null | undefined,
  ): Promise<Connection<TrainingRunEntity>> {
    const count = checkFirst(first);
    const place = readCursor(after, uuid);
    const runs = await listRuns(this.dataSource.manager, {
      first: count + 1,
      after: place === null ? null : { createdAt: place.time, id: place.tie },
      status: status ?? null,
    });
    return connectionOf(runs, count, after, ({ createdAt, id }) => [createdAt.toISOString(), id]);
  }

  @Scopes('operator')
  @Mutation(() => StartTrainingPayload, {
    nullable: true,
    description: 'Starts a training. One runs at a time: if one is queued or runs, that one is returned.',
  })
  async startTraining(
    @Args('input', { defaultValue: {}, description: 'Why, and from what.' })
    { reason, idempotencyKey, warmStart }: StartTrainingInput,
  ): Promise<StartTrainingPayload> {
    const request = {
      reason: optionalText(reason, 'reason', longestText),
      idempotencyKey: optionalText(idempotencyKey, 'idempotencyKey', longestText),
      warmStart: warmStart ?? null,
      cause: 'MUTATION',
    } as const;
    try {
      const { run, created } = await this.queue.startTraining(request);
      return { trainingRun: run, created, userErrors: [] };
    } catch (error) {
      return { trainingRun: null, created: false, userErrors: userErrorsOf(error, ['IDEMPOTENCY_CONFLICT']) };
    }
  }
}
