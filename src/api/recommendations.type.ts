import { Field, Float, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { FallbackReason, RankedItem, ShortfallCause, Source } from '../recommend/answer.js';
import { FallbackReasonEnum, ShortfallCauseEnum, SourceEnum } from './answer.enum.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { Item } from './item.type.js';
import { ItemFilterInput } from './item-filter.type.js';
import { RulesInput } from './rules.type.js';

@InputType({ description: 'Something that a visitor did.' })
export class SessionInteractionInput {
  @Field(() => Id, { description: 'The item.' })
  readonly itemId!: string;

  @Field(() => String, { defaultValue: 'view', description: 'A configured kind.' })
  readonly kind!: string;

  @Field(() => DateTime, { nullable: true, description: 'When. If all have a time they are put in its order.' })
  readonly occurredAt?: string | null;
}

@InputType({ description: 'Interactions by which an item is left out as seen, looked up in the whole log.' })
export class SeenInput {
  @Field(() => [String], {
    nullable: true,
    description: 'Their kinds; left out: those that count as seen by the settings.',
  })
  readonly kinds?: readonly string[] | null;

  @Field(() => Int, { nullable: true, description: 'Only those of the last days, from 1 on; left out: since ever.' })
  readonly withinDays?: number | null;
}

@InputType({ description: 'Where somebody is while the answer is made.' })
export class ContextInput {
  @Field(() => Id, {
    description:
      'The item that he looks at. It counts as his last interaction, of the kind view, and is neither stored nor answered; who is unknown gets ' +
      'an answer by it. One that the model has not learned changes nothing.',
  })
  readonly itemId!: string;

  @Field(() => DateTime, { nullable: true, description: 'When; left out: now.' })
  readonly time?: string | null;
}

@InputType({ description: 'For whom: `userId`, or the `interactions` of a visitor; one of the two.' })
export class RecommendationsInput {
  @Field(() => Id, { nullable: true, description: 'A user; one that is unknown gets popular items.' })
  readonly userId?: string | null;

  @Field(() => [SessionInteractionInput], {
    nullable: true,
    description: 'What a visitor without an id did, the oldest first; at most 500. Nothing of it is stored.',
  })
  readonly interactions?: readonly SessionInteractionInput[] | null;

  @Field(() => Int, { defaultValue: 10, description: 'Items to answer, 1 to 100.' })
  readonly first!: number;

  @Field(() => String, {
    nullable: true,
    description:
      '`endCursor` of the page before, with all else as it was asked then: the items behind it, in the order of that moment. Good for an hour.',
  })
  readonly after?: string | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description:
      'Whether items are left out that were seen, by any interaction of a kind that counts as seen, however old.',
  })
  readonly excludeSeen!: boolean;

  @Field(() => ContextInput, { nullable: true, description: 'Where he is while he asks.' })
  readonly context?: ContextInput | null;

  @Field(() => SeenInput, {
    nullable: true,
    description: 'What counts as seen here, where `excludeSeen` is not false.',
  })
  readonly seen?: SeenInput | null;

  @Field(() => ItemFilterInput, { nullable: true, description: 'Which items may be answered; left out: all.' })
  readonly filter?: ItemFilterInput;

  @Field(() => [Id], { nullable: true, description: 'Items that are not to be answered, at most 10,000.' })
  readonly blockedItemIds?: readonly string[] | null;

  @Field(() => RulesInput, { nullable: true, description: 'How they are arranged; left out: by score alone.' })
  readonly rules?: RulesInput | null;
}

@InputType({ description: 'Near to which item.' })
export class SimilarItemsInput {
  @Field(() => Id, { description: 'The item; it is not in the answer.' })
  readonly itemId!: string;

  @Field(() => Int, { defaultValue: 10, description: 'Items to answer, 1 to 100.' })
  readonly first!: number;

  @Field(() => ItemFilterInput, { nullable: true, description: 'Which items may be answered; left out: all.' })
  readonly filter?: ItemFilterInput;

  @Field(() => [Id], { nullable: true, description: 'Items that are not to be answered, at most 10,000.' })
  readonly blockedItemIds?: readonly string[] | null;
}

@InputType({ description: 'Popular when, and by what.' })
export class PopularItemsInput {
  @Field(() => Int, { defaultValue: 10, description: 'Items to answer, 1 to 100.' })
  readonly first!: number;

  @Field(() => Int, { nullable: true, description: 'Days to count, today (UTC) included; left out: all time.' })
  readonly windowDays?: number | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Kinds to count; left out: all but those of negative polarity.',
  })
  readonly kinds?: readonly string[] | null;

  @Field(() => ItemFilterInput, { nullable: true, description: 'Which items may be answered; left out: all.' })
  readonly filter?: ItemFilterInput;

  @Field(() => [Id], { nullable: true, description: 'Items that are not to be answered, at most 10,000.' })
  readonly blockedItemIds?: readonly string[] | null;
}

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

  @Field(() => Shortfall, { nullable: true, description: 'Null if there are as many items as were asked for.' })
  readonly shortfall!: Shortfall | null;

  @Field(() => [RecommendedItem], { description: 'The best first, each item once.' })
  readonly items!: readonly RankedItem[];
}
