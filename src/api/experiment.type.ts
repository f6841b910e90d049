import { Field, Float, InputType, Int, ObjectType } from '@nestjs/graphql';
import { DateTime } from './date-time.scalar.js';
import { UserError } from './user-error.type.js';

@ObjectType({ description: 'Two versions of the model side by side; `attribution` by MODEL_VERSION compares them.' })
export class Experiment {
  @Field(() => Int, {
    description: 'The version that answers a share of the users; the one that serves answers the others.',
  })
  readonly version!: number;

  @Field(() => Float, {
    description: 'The share, above 0 and below 1. A user stays where he is for as long as it lasts.',
  })
  readonly share!: number;

  @Field(() => DateTime, { description: 'When it began.' })
  readonly since!: Date;

  @Field(() => String, { nullable: true, description: 'Why, in the words of who started it.' })
  readonly reason!: string | null;
}

@InputType({ description: 'Which version is to answer which share of the users.' })
export class StartExperimentInput {
  @Field(() => Int, {
    description: 'The challenger, of `models`: any but the one that serves and those that the gate refused.',
  })
  readonly version!: number;

  @Field(() => Float, { description: 'The share, above 0 and below 1.' })
  readonly share!: number;

  @Field(() => String, { nullable: true, description: 'Why, in your words; kept with it.' })
  readonly reason?: string | null;
}

@InputType({ description: 'How it ends.' })
export class EndExperimentInput {
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether the challenger serves from then on; else what served answers all users again.',
  })
  readonly promote!: boolean;
}

@ObjectType({ description: 'What became of an experiment.' })
export class ExperimentPayload {
  @Field(() => Experiment, { nullable: true, description: 'The one that is under way now; null: none is.' })
  readonly experiment!: Experiment | null;

  @Field(() => Boolean, {
    description:
      'Whether it takes longer than a request may: memories are being made, and it goes on. `experiment` tells when it is done; where it fails, the ' +
      'log says why and nothing has changed.',
  })
  readonly goesOn!: boolean;

  @Field(() => [UserError], {
    description:
      'NOT_FOUND: no such version, or no experiment. BAD_INPUT: the version serves or was refused, the share is none, or an experiment is ' +
      'under way. PROMOTION_UNDER_WAY: try again after it.',
  })
  readonly userErrors!: readonly UserError[];
}
