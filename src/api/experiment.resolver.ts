import { Field, Float, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import type { ExperimentEntity } from '../storage/experiment.entity.js';
import { findExperiment } from '../storage/experiment.store.js';
import { Scopes } from './access.js';
import { DateTime } from './date-time.scalar.js';

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

@Resolver(() => Experiment)
export class ExperimentResolver {
  constructor(private readonly dataSource: DataSource) {}

  @Scopes('operator')
  @Query(() => Experiment, { nullable: true, description: 'The experiment that is under way; null: none is.' })
  async experiment(): Promise<ExperimentEntity | null> {
    return findExperiment(this.dataSource.manager);
  }
}
