import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { SlotInteraction } from '../memory/slot-forgetting.js';
import type { FallbackReason } from '../recommend/answer.js';
import type { CategoryShare, ItemShare } from '../recommend/shares.js';
import type { SlotClock, SlotProfile } from '../recommend/slot-profile.js';
import { FallbackReasonEnum } from './answer.enum.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { Item } from './item.type.js';

const SlotClockEnum: Readonly<Record<SlotClock, SlotClock>> = { FAST: 'FAST', SLOW: 'SLOW' };
registerEnumType(SlotClockEnum, {
  name: 'SlotClock',
  description: 'How long a slot keeps things.',
  valuesMap: {
    FAST: { description: 'Half of what it holds is gone in less than ten interactions: what the user is at just now.' },
    SLOW: {
      description: 'It takes ten or more, or it fades too little to be measured: what the user likes in the long run.',
    },
  },
});

@ObjectType('SlotInteraction', { description: 'An interaction and its share of one slot.' })
export class SlotInteractionType {
  @Field(() => Id, { description: 'The interaction, as `forgetInteractions` takes it.' })
  readonly id!: string;

  @Field(() => Id, { description: 'The item of the interaction.' })
  readonly itemId!: string;

  @Field(() => Item, { nullable: true, description: 'The item; null if it has left the catalogue.' })
  readonly item?: Item | null;

  @Field(() => String, { description: 'The kind of the interaction.' })
  readonly kind!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly occurredAt!: Date;

  @Field(() => Float, { description: 'How much of the slot it fills, 0 to 1, exact by the write gates.' })
  readonly share!: number;
}

@ObjectType('SlotMoment', { description: 'What a slot was after one of the interactions.' })
export class SlotMomentType {
  @Field(() => DateTime, { description: 'When the interaction happened.' })
  readonly occurredAt!: Date;

  @Field(() => Int, { description: 'Interactions that the memory was made of, this one included.' })
  readonly interactionsApplied!: number;

  @Field(() => Float, { description: 'How much a read would have looked at the slot then.' })
  readonly weight!: number;

  @Field(() => String, { description: 'What it spoke for: the titles, or ids, of the items nearest to its value.' })
  readonly label?: string;

  @Field(() => [Item], { description: 'Up to three items of the catalogue nearest to its value, by the live model.' })
  readonly nearestItems?: readonly Item[];
}

@ObjectType('SlotCategory', { description: 'A category and how much of what a slot speaks for is of it.' })
export class SlotCategory {
  @Field(() => String, { description: 'The category.' })
  readonly category!: string;

  @Field(() => Float, {
    description: "Its part, 0 to 1, of the 20 items nearest to the slot's value, each counted by how near it is.",
  })
  readonly share!: number;
}

@ObjectType({
  description: 'A memory slot: a key that is asked for and a value that answers, both made of past interactions.',
})
export class MemorySlot {
  @Field(() => Int, { description: 'From 0 on.' })
  readonly index!: number;

  @Field(() => Float, { description: 'How much the present read looks at it; the weights of all slots sum to 1.' })
  readonly weight!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'After so many more interactions half of what it holds is left, by the mean write gate of the last 50; null if it fades ' +
      'too little to be measured.',
  })
  readonly halfLife!: number | null;

  @Field(() => SlotClockEnum, { description: 'Whether it is a fast slot or a slow one, by its half-life.' })
  readonly clock!: SlotClock;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was pinned by `pinSlot`: interactions leave it as it is; null: it is not.',
  })
  readonly pinnedSince!: Date | null;

  @Field(() => SlotInteractionType, {
    description:
      'The newest interaction that left a mark of the usual size in it: one whose write gate let at least as much in as the mean gate of the last 50.',
  })
  readonly lastWrite!: SlotInteraction;

  @Field(() => String, { description: 'What it speaks for: the titles, or ids, of the items nearest to its value.' })
  readonly label?: string;

  @Field(() => [Item], { description: 'Up to three items of the catalogue nearest to its value.' })
  readonly nearestItems?: readonly Item[];

  @Field(() => [SlotCategory], { description: 'Up to three categories that it speaks for, the largest first.' })
  readonly categories!: readonly CategoryShare[];

  @Field(() => [SlotInteractionType], { description: 'Up to five interactions that fill it most.' })
  readonly interactions!: readonly SlotInteraction[];
}

@ObjectType('ItemShare', { description: 'An item of the past and how much of the memory read comes from it.' })
export class ItemShareType {
  @Field(() => Id, { description: 'The item.' })
  readonly itemId!: string;

  @Field(() => Item, { nullable: true, description: 'The item; null if it has left the catalogue.' })
  readonly item?: Item | null;

  @Field(() => Float, { description: 'Sum of the attention of its interactions.' })
  readonly share!: number;
}

@ObjectType('CategoryShare', { description: 'A category and how much of the memory read comes from its items.' })
export class CategoryShareType {
  @Field(() => String, { description: 'The category.' })
  readonly category!: string;

  @Field(() => Float, { description: "Sum of its items' shares; an item of several categories gives each a part." })
  readonly share!: number;
}

@ObjectType('MemoryProfile', { description: 'What is remembered of a user, and what it is made of.' })
export class MemoryProfileType {
  @Field(() => Id, { description: 'The user.' })
  readonly userId!: string;

  @Field(() => [MemorySlot], { description: 'All slots by index; none where there is no memory.' })
  readonly slots!: readonly SlotProfile[];

  @Field(() => [ItemShareType], { description: 'Up to ten items of the past that the memory holds most of.' })
  readonly topItems!: readonly ItemShare[];

  @Field(() => [CategoryShareType], { description: 'Up to ten categories that the memory holds most of.' })
  readonly topCategories!: readonly CategoryShare[];

  @Field(() => Int, { description: 'Interactions that the memory is made of.' })
  readonly interactionsApplied!: number;

  @Field(() => DateTime, { nullable: true, description: 'Time of the newest of them.' })
  readonly lastOccurredAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Version of the model that wrote it; null without a live model.' })
  readonly modelVersion!: number | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was last written; null for a memory of the past.' })
  readonly updatedAt!: Date | null;

  @Field(() => FallbackReasonEnum, { nullable: true, description: 'Why there is no memory; null if there is one.' })
  readonly emptyReason!: FallbackReason | null;
}
