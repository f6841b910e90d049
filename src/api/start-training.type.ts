import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Id } from './id.scalar.js';
import { TrainingRun } from './training-run.type.js';
import { UserError } from './user-error.type.js';

@InputType({ description: 'Why to train, and from what.' })
export class StartTrainingInput {
  @Field(() => String, { nullable: true, description: 'In your words; kept with the run.' })
  readonly reason?: string | null;

  @Field(() => Id, {
    nullable: true,
    description: 'A key of your choice: the same key with the same input starts one run, however often it is sent.',
  })
  readonly idempotencyKey?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether to start from the weights of the live model, in half of the epochs; null: RECOLLECT_TRAIN_WARM_START decides. ' +
      'Where that cannot be, the run starts from scratch, and `result.warmStart` says why.',
  })
  readonly warmStart?: boolean | null;
}

@ObjectType({ description: 'The run that was started, or the one that was under way.' })
export class StartTrainingPayload {
  @Field(() => TrainingRun, { nullable: true, description: 'The run; null if there are errors.' })
  readonly trainingRun!: TrainingRun | null;

  @Field(() => Boolean, { description: 'Whether it was started by this call.' })
  readonly created!: boolean;

  @Field(() => [UserError], {
    description: 'IDEMPOTENCY_CONFLICT: the key was used with another reason or warm start.',
  })
  readonly userErrors!: readonly UserError[];
}
