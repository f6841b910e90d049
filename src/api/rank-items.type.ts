import { Field, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { LeftOutReason } from '../recommend/answer.js';
import { Id } from './id.scalar.js';
import { ItemFilterInput } from './item-filter.type.js';
import { SeenInput, SessionInteractionInput } from './recommendations-input.type.js';

@InputType({ description: 'Which items, and for whom: `userId`, or the `interactions` of a visitor; one of the two.' })
export class RankItemsInput {
  @Field(() => [Id], { description: 'The items to order, at most 1,000. One that is given twice has one place.' })
  readonly itemIds!: readonly string[];

  @Field(() => Id, { nullable: true, description: 'A user; for one that is unknown the popular ones come first.' })
  readonly userId?: string | null;

  @Field(() => [SessionInteractionInput], {
    nullable: true,
    description: 'What a visitor without an id did, the oldest first; at most 500. Nothing of it is stored.',
  })
  readonly interactions?: readonly SessionInteractionInput[] | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether items are left out that were seen.' })
  readonly excludeSeen!: boolean;

  @Field(() => SeenInput, { nullable: true, description: 'What counts as seen here, where `excludeSeen` is true.' })
  readonly seen?: SeenInput | null;

  @Field(() => ItemFilterInput, { nullable: true, description: 'Which items may be answered; left out: all.' })
  readonly filter?: ItemFilterInput;

  @Field(() => [Id], { nullable: true, description: 'Items that are not to be answered, at most 10,000.' })
  readonly blockedItemIds?: readonly string[] | null;
}

export const LeftOutReasonEnum: Readonly<Record<LeftOutReason, LeftOutReason>> = {
  UNKNOWN: 'UNKNOWN',
  NOT_AVAILABLE: 'NOT_AVAILABLE',
  FILTER: 'FILTER',
  BLOCKED: 'BLOCKED',
  SEEN: 'SEEN',
  REPEATED: 'REPEATED',
};
registerEnumType(LeftOutReasonEnum, {
  name: 'LeftOutReason',
  description: 'Why a given item has no place in an answer.',
  valuesMap: {
    UNKNOWN: { description: 'There is no item with this id.' },
    NOT_AVAILABLE: { description: 'It is hidden, or has expired.' },
    FILTER: { description: 'The filter keeps it out.' },
    BLOCKED: { description: 'It is one of `blockedItemIds`.' },
    SEEN: { description: 'The user has seen it.' },
    REPEATED: { description: 'It was given more than once; it is treated as if it were given once.' },
  },
});

@ObjectType({ description: 'A given item without a place in the answer, or with fewer than it was given.' })
export class LeftOutItem {
  @Field(() => Id, { description: 'The id, as given.' })
  readonly itemId!: string;

  @Field(() => LeftOutReasonEnum, { description: 'Why.' })
  readonly reason!: LeftOutReason;
}
