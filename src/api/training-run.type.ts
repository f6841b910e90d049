import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { EpochFigures, TrainingCause, TrainingProgress, TrainingStatus } from '../storage/training-run.entity.js';
import { PageInfo } from './connection.js';
import { DateTime } from './date-time.scalar.js';
import { EpochFiguresType } from './epoch-figures.type.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';

export const TrainingStatusEnum: Readonly<Record<TrainingStatus, TrainingStatus>> = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
  SKIPPED: 'SKIPPED',
};
registerEnumType(TrainingStatusEnum, {
  name: 'TrainingStatus',
  description: 'Where a training run stands.',
  valuesMap: {
    QUEUED: { description: 'Waits for a trainer.' },
    RUNNING: { description: 'Is being trained.' },
    SUCCEEDED: { description: 'Trained; `result` says whether the model was promoted.' },
    FAILED: { description: 'Ended by a fault, see `errorCode`.' },
    CANCELLED: { description: 'Ended on request.' },
    SKIPPED: { description: 'Not enough data; `result` has the numbers.' },
  },
});

export const TrainingCauseEnum: Readonly<Record<TrainingCause, TrainingCause>> = { MUTATION: 'MUTATION', CRON: 'CRON' };
registerEnumType(TrainingCauseEnum, {
  name: 'TrainingCause',
  description: 'What started a training run.',
  valuesMap: {
    MUTATION: { description: '`startTraining`.' },
    CRON: { description: 'The schedule.' },
  },
});

type Phase = TrainingProgress['phase'];
export const TrainingPhaseEnum: Readonly<Record<Phase, Phase>> = {
  SNAPSHOT: 'SNAPSHOT',
  TRAINING: 'TRAINING',
  EVALUATION: 'EVALUATION',
  STORING: 'STORING',
  REBUILDING: 'REBUILDING',
  SWITCHING: 'SWITCHING',
};
registerEnumType(TrainingPhaseEnum, {
  name: 'TrainingPhase',
  description: 'What a running training is doing.',
  valuesMap: {
    SNAPSHOT: { description: 'Reads the log up to a cut.' },
    TRAINING: { description: 'Trains, epoch by epoch.' },
    EVALUATION: { description: 'Ranks all items for the test users, and compares with baselines and the live model.' },
    STORING: { description: 'Writes the weights.' },
    REBUILDING: { description: 'Makes the memories of all users under the new model.' },
    SWITCHING: { description: 'Lets the new model serve.' },
  },
});

@ObjectType('TrainingProgress', { description: 'How far a run is.' })
export class TrainingProgressType {
  @Field(() => TrainingPhaseEnum, { description: 'What it is doing.' })
  readonly phase!: Phase;

  @Field(() => Int, { description: 'Epoch under way, from 1 on.' })
  readonly epoch!: number;

  @Field(() => Int, { description: 'Most epochs.' })
  readonly epochs!: number;

  @Field(() => Int, { description: 'Step of the epoch.' })
  readonly step!: number;

  @Field(() => Int, { description: 'Steps of an epoch.' })
  readonly steps!: number;

  @Field(() => Float, { nullable: true, description: 'Loss of late.' })
  readonly loss!: number | null;

  @Field(() => Float, { nullable: true, description: 'Seconds that are left, as far as can be told.' })
  readonly secondsLeft!: number | null;
}

@ObjectType({ description: 'One training, from the trigger to its end.' })
export class TrainingRun {
  @Field(() => Id, { description: 'Its id.' })
  readonly id!: string;

  @Field(() => TrainingStatusEnum, { description: 'Where it stands.' })
  readonly status!: TrainingStatus;

  @Field(() => TrainingCauseEnum, { description: 'What started it.' })
  readonly cause!: TrainingCause;

  @Field(() => String, { nullable: true, description: 'Why, in the words of who started it.' })
  readonly reason!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it was asked to start from the weights of the live model; null: the setting decides.',
  })
  readonly warmStart!: boolean | null;

  @Field(() => DateTime, { description: 'When it was queued.' })
  readonly createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When a trainer took it.' })
  readonly startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended.' })
  readonly finishedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Last sign of life of its trainer.' })
  readonly heartbeatAt!: Date | null;

  @Field(() => Int, { description: 'How often a trainer took it.' })
  readonly attempt!: number;

  @Field(() => TrainingProgressType, { nullable: true, description: 'How far it is, or was.' })
  readonly progress!: TrainingProgress | null;

  @Field(() => [EpochFiguresType], { description: 'Figures of the epochs so far.' })
  readonly epochs!: readonly EpochFigures[];

  @Field(() => JSONObject, {
    nullable: true,
    description:
      'The numbers that explain how it ended. `warmStart`, where one was asked for, has `modelVersion`, the model that served, ' +
      'and `refused`: null, or why the run started from scratch after all.',
  })
  readonly result!: Readonly<Record<string, unknown>> | null;

  @Field(() => String, { nullable: true, description: 'Code of the fault that ended it.' })
  readonly errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'The fault in words.' })
  readonly errorMessage!: string | null;

  @Field(() => Int, { nullable: true, description: 'The model that came out of it.' })
  readonly modelVersion!: number | null;
}

@ObjectType({ description: 'A training run at its place.' })
export class TrainingRunEdge {
  @Field(() => String, { description: 'Its place, to be given as `after`.' })
  readonly cursor!: string;

  @Field(() => TrainingRun, { description: 'The run.' })
  readonly node!: TrainingRun;
}

@ObjectType({ description: 'A page of training runs, the newest first.' })
export class TrainingRunConnection {
  @Field(() => [TrainingRunEdge], { description: 'The rows of the page.' })
  readonly edges!: readonly TrainingRunEdge[];

  @Field(() => PageInfo, { description: 'Whether there is more.' })
  readonly pageInfo!: PageInfo;
}
