import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import type { FallbackReason, RankedItem, ShortfallCause, Source } from '../recommend/answer.js';
import { FallbackReasonEnum, ShortfallCauseEnum, SourceEnum } from './answer.enum.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { Item } from './item.type.js';

@ObjectType({ description: 'A past interaction and how much of the answer rests on it.' })
export class Because {
  @Field(() => Id, {
    nullable: true,
    description: 'The interaction, as `forgetInteractions` takes it; null for one of a visitor, which is not stored.',
  })
  readonly id!: string | null;

  @Field(() => Id, { description: 'The item of the interaction.' })
  readonly itemId!: string;

  @Field(() => Item, { nullable: true, description: 'The item; null if it has left the catalogue.' })
  readonly item?: Item | null;

  @Field(() => String, { description: 'The kind of the interaction.' })
  readonly kind!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it happened; null where a visitor gave no time.' })
  readonly occurredAt!: Date | null;

  @Field(() => Float, {
    description:
      'Its share of what the memory read sees, 0 to 1, exact. Over all interactions of a user the shares sum to at most 1; ' +
      'a history of more than 5,000 interactions is looked at in its newest 5,000. A model without memory slots reads nothing: ' +
      'each has 0.',
  })
  readonly attention!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'How much lower the score would be had it never been, by a replay without it; negative if it would be higher. Asked of the newest ten ' +
      'interactions and the most attended, 32 together, and of fewer where they lie far back; null of the others.',
  })
  readonly influence!: number | null;
}

@ObjectType({ description: 'An item at its place in an answer.' })
export class RecommendedItem {
  @Field(() => Int, { description: 'From 1 on, without gaps.' })
  readonly rank!: number;

  @Field(() => Float, {
    description:
      'By its source: MEMORY and SESSION the score of the model, MODEL the cosine, POPULAR the weighted count, LATEST the time ' +
      'of creation in seconds, RULE 0. Rules are not in it. Scores compare within one answer and source only.',
  })
  readonly score!: number;

  @Field(() => SourceEnum, { description: 'What placed this item.' })
  readonly source!: Source;

  @Field(() => [String], { description: 'The rules that placed it, by their names; none: the order by score alone.' })
  readonly rules!: readonly string[];

  @Field(() => Item, { description: 'The item, as it was when the answer was made.' })
  readonly item!: Item;
}

@ObjectType({ description: 'What an answer lacks.' })
export class Shortfall {
  @Field(() => Int, { description: 'Items that were asked for and are not there.' })
  readonly missing!: number;

  @Field(() => ShortfallCauseEnum, { description: 'Why.' })
  readonly cause!: ShortfallCause;
}

@ObjectType({ description: 'Whether an answer goes on.' })
export class AnswerPageInfo {
  @Field(() => Boolean, { description: 'Whether items lie behind these; an answer has 1,000 at most, with rules 200.' })
  readonly hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'To be given as `after`; null: nothing lies behind.' })
  readonly endCursor!: string | null;
}

@ObjectType({ description: 'An answer: items in order, and what it rests on.' })
export class Recommendations {
  @Field(() => Id, { description: 'Names this answer; give it as `recommendationId` with what the user does with it.' })
  readonly id!: string;

  @Field(() => SourceEnum, { description: 'What placed the first item.' })
  readonly source!: Source;

  @Field(() => FallbackReasonEnum, { nullable: true, description: 'Why it is not what was asked for; null if it is.' })
  readonly fallbackReason!: FallbackReason | null;

  @Field(() => Int, { nullable: true, description: 'Version of the model that scored; null if none did.' })
  readonly modelVersion!: number | null;

  @Field(() => Int, { description: 'Interactions of the user, or of the list, that had been taken in.' })
  readonly interactionsSeen!: number;

  @Field(() => DateTime, { nullable: true, description: 'When the memory was last written; null without a memory.' })
  readonly memoryUpdatedAt!: Date | null;

  @Field({
    description:
      'Whether something of the user came late and is not in the memory yet where it belongs; it soon is. False without a memory.',
  })
  readonly awaitsReplay!: boolean;

  @Field(() => Shortfall, { nullable: true, description: 'Null if there are as many items as were asked for.' })
  readonly shortfall!: Shortfall | null;

  @Field(() => [RecommendedItem], { description: 'The best first, each item once.' })
  readonly items!: readonly RankedItem[];
}
