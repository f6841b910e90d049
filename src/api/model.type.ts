import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { ModelStatus } from '../storage/model.entity.js';
import { PageInfo } from './connection.js';
import { DateTime } from './date-time.scalar.js';

export const ModelStatusEnum: Readonly<Record<ModelStatus, ModelStatus>> = {
  CANDIDATE: 'CANDIDATE',
  LIVE: 'LIVE',
  RETIRED: 'RETIRED',
  REJECTED: 'REJECTED',
};
registerEnumType(ModelStatusEnum, {
  name: 'ModelStatus',
  description: 'What became of a model.',
  valuesMap: {
    CANDIDATE: { description: 'Trained, not serving.' },
    LIVE: { description: 'Serving.' },
    RETIRED: { description: 'Served before.' },
    REJECTED: { description: 'Refused by the gate.' },
  },
});

@ObjectType({ description: 'Sizes and switches of the network.' })
export class ModelDimensions {
  @Field(() => Int, { description: 'Width of embeddings, hidden state, keys and values.' })
  readonly width!: number;

  @Field(() => Int, { description: 'Memory slots a user.' })
  readonly slots!: number;

  @Field(() => Int, { description: 'Parts of keys, values and read, each with gates and an attention of its own.' })
  readonly heads!: number;

  @Field(() => Int, { description: 'GRU blocks.' })
  readonly blocks!: number;

  @Field(() => Int, { description: 'Items that the model knows.' })
  readonly items!: number;

  @Field(() => Int, { description: 'Item attributes that have a vector.' })
  readonly attributes!: number;

  @Field(() => Int, { description: 'Kinds of interactions that have a vector; 0: the model does not look at kinds.' })
  readonly kinds!: number;

  @Field(() => Int, {
    description: 'Buckets of the time between interactions that have a vector; 0: the model does not look at times.',
  })
  readonly gapBuckets!: number;

  @Field(() => Float, {
    description: 'Length that the vector of each item is scaled to where it scores; 0: it is taken as it is.',
  })
  readonly outputLength!: number;
}

@ObjectType({ description: 'Figures of full ranking at cutoff 10.' })
export class RankingFigures {
  @Field(() => Float, { description: 'Share of test users whose next item was among the first ten.' })
  readonly hrAt10!: number;

  @Field(() => Float, { description: 'The same, weighted by place.' })
  readonly ndcgAt10!: number;

  @Field(() => [Float], {
    nullable: true,
    description:
      'Low and high end of its 95 % bootstrap interval over users; this and what follows is null for an older model.',
  })
  readonly ndcgAt10Interval?: readonly number[];

  @Field(() => Float, {
    nullable: true,
    description: 'Mean reciprocal place of the next item, 0 beyond the first ten.',
  })
  readonly mrrAt10?: number;

  @Field(() => Float, { nullable: true, description: 'Share of the items that stand in at least one top ten.' })
  readonly coverage?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'How uneven the top tens show the items: 0 all alike, near 1 a few only.',
  })
  readonly gini?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Mean surprise of a shown item in bits: more where less popular items are shown.',
  })
  readonly novelty?: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'How alike the top tens are: the share of one that another has too, the mean over all pairs. 1: everybody gets the same.',
  })
  readonly overlap?: number;
}

@ObjectType({ description: 'Test figures beside baselines on the same split; null where nobody could be tested.' })
export class ModelFigures {
  @Field(() => Int, { description: 'Users of the test part.' })
  readonly testedUsers!: number;

  @Field(() => RankingFigures, { nullable: true, description: 'The model as it serves.' })
  readonly model?: RankingFigures;

  @Field(() => RankingFigures, { nullable: true, description: 'The network without the blend of rules.' })
  readonly modelWithoutBlend?: RankingFigures;

  @Field(() => RankingFigures, { nullable: true, description: 'The most popular items for everybody.' })
  readonly popularity?: RankingFigures;

  @Field(() => RankingFigures, { nullable: true, description: 'What follows the last item most often.' })
  readonly markov?: RankingFigures;

  @Field(() => RankingFigures, { nullable: true, description: 'Sequential rules over the last items.' })
  readonly rules?: RankingFigures;
}

@ObjectType({ description: 'What of the log the model was made of.' })
export class ModelDataWindow {
  @Field(() => Int, { description: 'Interactions.' })
  readonly interactions!: number;

  @Field(() => Int, { description: 'Users.' })
  readonly users!: number;

  @Field(() => Int, { description: 'Items.' })
  readonly items!: number;

  @Field(() => DateTime, { description: 'Time of the first interaction.' })
  readonly firstOccurredAt!: Date;

  @Field(() => DateTime, { description: 'Time of the last interaction.' })
  readonly lastOccurredAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Where its run was split by time: it learned from what happened before. Null: from all but the last two of each user.',
  })
  readonly trainedBefore!: Date | null;
}

@ObjectType({ description: 'A trained network.' })
export class Model {
  @Field(() => Int, { description: 'Counts up.' })
  readonly version!: number;

  @Field(() => ModelStatusEnum, { description: 'Whether it serves.' })
  readonly status!: ModelStatus;

  @Field(() => DateTime, { description: 'When it was stored.' })
  readonly createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Since when it serves; null if it does not.' })
  readonly liveSince!: Date | null;

  @Field(() => Int, { nullable: true, description: 'The version that it replaced.' })
  readonly replaced!: number | null;

  @Field(() => ModelDimensions, { description: 'Its sizes.' })
  readonly dimensions!: ModelDimensions;

  @Field(() => ModelDataWindow, { description: 'What it was made of.' })
  readonly dataWindow!: ModelDataWindow;

  @Field(() => ModelFigures, { description: 'How good it was on the test part.' })
  readonly metrics!: ModelFigures;

  @Field(() => String, { description: 'SHA-256 of its weights.' })
  readonly sha256!: string;
}

@ObjectType({ description: 'A version at its place.' })
export class ModelEdge {
  @Field(() => String, { description: 'Its place, to be given as `after`.' })
  readonly cursor!: string;

  @Field(() => Model, { description: 'The version.' })
  readonly node!: Model;
}

@ObjectType({ description: 'A page of versions, the newest first.' })
export class ModelConnection {
  @Field(() => [ModelEdge], { description: 'The rows of the page.' })
  readonly edges!: readonly ModelEdge[];

  @Field(() => PageInfo, { description: 'Whether there is more.' })
  readonly pageInfo!: PageInfo;
}
