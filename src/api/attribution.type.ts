import { Field, Float, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { operations, type Operation } from '../attribution/impression-log.js';
import type { AttributionDimension } from '../storage/attribution-read.store.js';
import { FallbackReasonEnum, SourceEnum } from './answer.enum.js';
import { DateTime } from './date-time.scalar.js';

export const AttributionDimensionEnum: Readonly<Record<AttributionDimension, AttributionDimension>> = {
  MODEL_VERSION: 'MODEL_VERSION',
  OPERATION: 'OPERATION',
  SOURCE: 'SOURCE',
  FALLBACK_REASON: 'FALLBACK_REASON',
  RULE: 'RULE',
  RANK: 'RANK',
};
registerEnumType(AttributionDimensionEnum, {
  name: 'AttributionDimension',
  description: 'What impressions are told apart by.',
  valuesMap: {
    MODEL_VERSION: { description: 'The version of the model that scored the answer.' },
    OPERATION: { description: 'The query that was answered.' },
    SOURCE: { description: 'What placed the item.' },
    FALLBACK_REASON: { description: 'Why the answer was not what was asked for.' },
    RULE: { description: 'The rule that placed the item; one that several rules placed counts for each of them.' },
    RANK: { description: 'The place in the answer.' },
  },
});

const OperationEnum = Object.fromEntries(operations.map((name) => [name, name]));
registerEnumType(OperationEnum, {
  name: 'AnswerOperation',
  description: 'A query that is answered with items.',
  valuesMap: {
    RECOMMENDATIONS: { description: '`recommendations`.' },
    RANK_ITEMS: { description: '`rankItems`.' },
    SIMILAR_ITEMS: { description: '`similarItems`.' },
    POPULAR_ITEMS: { description: '`popularItems`.' },
  },
});

@InputType({ description: 'Which answers, and what counts as their success.' })
export class AttributionInput {
  @Field(() => DateTime, { description: 'Answers that were given at this time or later.' })
  readonly from!: string;

  @Field(() => DateTime, { nullable: true, description: 'Answers that were given before this time; left out: all.' })
  readonly until?: string | null;

  @Field(() => [String], { defaultValue: ['click'], description: 'Kinds of interaction that are a click.' })
  readonly clickKinds!: readonly string[];

  @Field(() => [String], { defaultValue: ['purchase'], description: 'Kinds of interaction that are a conversion.' })
  readonly conversionKinds!: readonly string[];

  @Field(() => [AttributionDimensionEnum], {
    defaultValue: ['MODEL_VERSION'],
    description: 'A group for each combination of these that has impressions; none: the total alone.',
  })
  readonly by!: readonly AttributionDimension[];
}

@ObjectType({
  description: 'A figure with its 95 % confidence interval, in which impressions are taken as independent.',
})
export class Estimate {
  @Field(() => Float, { nullable: true, description: 'The figure; null without impressions.' })
  readonly value!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Low end of the interval; null where there is too little for one.',
  })
  readonly low!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'High end of the interval; null where there is too little for one.',
  })
  readonly high!: number | null;
}

@ObjectType({ description: 'What impressions led to. An impression is an item in an answer.' })
export class AttributionFigures {
  @Field(() => Float, { description: 'Answers.' })
  readonly answers!: number;

  @Field(() => Float, { description: 'Items in them.' })
  readonly impressions!: number;

  @Field(() => Float, { description: 'Impressions that were clicked, however often.' })
  readonly clicks!: number;

  @Field(() => Float, { description: 'Impressions that were converted, however often.' })
  readonly conversions!: number;

  @Field(() => Float, { description: 'Sum of the `value` of the first conversion of each.' })
  readonly value!: number;

  @Field(() => Estimate, { description: 'Clicks by impressions; the interval is that of Wilson.' })
  readonly clickThroughRate!: Estimate;

  @Field(() => Estimate, { description: 'Conversions by impressions; the interval is that of Wilson.' })
  readonly conversionRate!: Estimate;

  @Field(() => Estimate, { description: 'Value by impressions; the interval is normal.' })
  readonly valuePerImpression!: Estimate;
}

@ObjectType({ description: 'Impressions that have something in common. What was not asked for is null.' })
export class AttributionGroup {
  @Field(() => Int, { nullable: true, description: 'The version of the model that scored; null too if none did.' })
  readonly modelVersion!: number | null;

  @Field(() => OperationEnum, { nullable: true, description: 'The query that was answered.' })
  readonly operation!: Operation | null;

  @Field(() => SourceEnum, { nullable: true, description: 'What placed the items.' })
  readonly source!: string | null;

  @Field(() => FallbackReasonEnum, {
    nullable: true,
    description: 'Why the answers were not what was asked for; null too if they were.',
  })
  readonly fallbackReason!: string | null;

  @Field(() => String, { nullable: true, description: 'The rule that placed the items; null too if none did.' })
  readonly rule!: string | null;

  @Field(() => Int, { nullable: true, description: 'The place in the answer, from 1 on.' })
  readonly rank!: number | null;

  @Field(() => AttributionFigures, { description: 'What they led to.' })
  readonly figures!: AttributionFigures;
}

@ObjectType({ description: 'Interactions of the asked kinds that name an answer and do not count for it.' })
export class UncountedInteractions {
  @Field(() => Float, { description: 'The answer did not have the item.' })
  readonly otherItem!: number;

  @Field(() => Float, { description: 'The answer was for another user.' })
  readonly otherUser!: number;

  @Field(() => Float, {
    description:
      'No answer is known by the id: it was never given, not logged, or deleted. By the time of the interaction.',
  })
  readonly unknownAnswer!: number;
}

@ObjectType({ description: 'What the answers of a time led to, at whatever time that came.' })
export class AttributionReport {
  @Field(() => DateTime, {
    nullable: true,
    description: 'Answers from before are deleted (RECOLLECT_IMPRESSION_DAYS); null: answers are not logged.',
  })
  readonly keptSince!: Date | null;

  @Field(() => AttributionFigures, { description: 'All impressions.' })
  readonly total!: AttributionFigures;

  @Field(() => [AttributionGroup], { description: 'The groups that were asked for.' })
  readonly groups!: readonly AttributionGroup[];

  @Field(() => UncountedInteractions, { description: 'What was sent for these answers and is in no figure.' })
  readonly notCounted!: UncountedInteractions;
}
