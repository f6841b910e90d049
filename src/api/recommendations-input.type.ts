import { Field, InputType, Int } from '@nestjs/graphql';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
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
