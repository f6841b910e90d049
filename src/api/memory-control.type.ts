import { Field, Float, InputType, Int, ObjectType } from '@nestjs/graphql';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';
import type { SlotInteraction } from '../memory/slot-forgetting.js';
import { SlotInteractionType } from './memory-profile.type.js';
import { UserError } from './user-error.type.js';

@InputType({
  description: 'Interactions of a user: those that fit all that is given. At least one part must be given.',
})
export class InteractionFilter {
  @Field(() => [Id], { nullable: true, description: 'Of these items.' })
  readonly itemIds?: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'Of these kinds.' })
  readonly kinds?: readonly string[] | null;

  @Field(() => DateTime, { nullable: true, description: 'That happened at this time or later.' })
  readonly from?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'That happened before this time.' })
  readonly until?: string | null;
}

@InputType({ description: 'What is to be forgotten: `ids`, or those that a filter selects; one of the two.' })
export class ForgetInteractionsInput {
  @Field(() => Id, { description: 'Whose.' })
  readonly userId!: string;

  @Field(() => [Id], { nullable: true, description: 'Ids of the interactions, at most 20,000.' })
  readonly ids?: readonly string[] | null;

  @Field(() => InteractionFilter, { nullable: true, description: 'Which interactions, however many.' })
  readonly filter?: InteractionFilter | null;
}

@InputType({ description: 'The slot whose content is to be forgotten.' })
export class ForgetSlotInput {
  @Field(() => Id, { description: 'Whose.' })
  readonly userId!: string;

  @Field(() => Int, { description: 'Its index in `memoryProfile`.' })
  readonly slot!: number;

  @Field(() => Float, {
    defaultValue: 0.9,
    description:
      'How much of what interactions fill of the slot, more than 0 and at most 1: forgotten are the interactions with the largest shares of it, ' +
      'as few as make up this part.',
  })
  readonly part!: number;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether it is only to be told what would be forgotten.' })
  readonly dryRun!: boolean;
}

@ObjectType({ description: 'What was forgotten of a slot.' })
export class ForgetSlotPayload {
  @Field(() => Int, { description: 'Interactions that left the log.' })
  readonly forgotten!: number;

  @Field(() => [SlotInteractionType], {
    description: 'Which, with the share of the slot that they had, the largest first.',
  })
  readonly interactions!: readonly SlotInteraction[];

  @Field(() => Int, { description: 'Version of the model whose slot it is.' })
  readonly modelVersion!: number;
}

@InputType({ description: 'The slot that is to be pinned, or pinned no more.' })
export class PinSlotInput {
  @Field(() => Id, { description: 'Whose.' })
  readonly userId!: string;

  @Field(() => Int, { description: 'Its index in `memoryProfile`.' })
  readonly slot!: number;

  @Field(() => Boolean, { defaultValue: true, description: 'False: it is pinned no more.' })
  readonly pinned!: boolean;
}

@ObjectType({ description: 'How a slot is now.' })
export class PinSlotPayload {
  @Field(() => DateTime, { nullable: true, description: 'Since when it is pinned; null: it is not.' })
  readonly pinnedSince!: Date | null;

  @Field(() => Int, { description: 'Version of the model whose slot it is.' })
  readonly modelVersion!: number;
}

@InputType({ description: 'Whose memory is to be emptied.' })
export class ResetMemoryInput {
  @Field(() => Id, { description: 'Whose.' })
  readonly userId!: string;
}

@ObjectType({ description: 'What a reset left out.' })
export class ResetMemoryPayload {
  @Field(() => Int, {
    description: 'Interactions that stay in the log and enter no memory any more; 0: nothing was there.',
  })
  readonly leftOut!: number;
}

@InputType({ description: 'The user to be erased.' })
export class EraseUserInput {
  @Field(() => Id, { description: 'The id.' })
  readonly userId!: string;
}

@ObjectType({
  description:
    'That a user was erased, without the id. Keep it: after a restore of a backup it tells what is to be erased again.',
})
export class ErasureReceipt {
  @Field(() => String, { description: 'The keyed hash of the id, in hexadecimal digits.' })
  readonly hash!: string;

  @Field(() => DateTime, { description: 'When the user was erased first.' })
  readonly erasedAt!: Date;
}

@ObjectType({ description: 'What left with a user.' })
export class EraseUserPayload {
  @Field(() => Int, { description: 'Interactions that left the log.' })
  readonly interactions!: number;

  @Field(() => Int, { description: 'Dead letters that held the id and were deleted.' })
  readonly deadLetters!: number;

  @Field(() => ErasureReceipt, { description: 'What is left.' })
  readonly receipt!: ErasureReceipt;
}

@InputType({ description: 'The user to be exported.' })
export class ExportUserInput {
  @Field(() => Id, { description: 'The id.' })
  readonly userId!: string;
}

@ObjectType({ description: 'All that is held of a user.' })
export class ExportUserPayload {
  @Field(() => JSONObject, {
    description:
      'userId, mergedInto, mergedFrom, properties, interactions (the newest first), memories (state in base64), pinnedSlots, recommendations (what was ' +
      'answered, the newest first), forgottenInteractions (how many hashes are kept), deadLetters (key and value in base64).',
  })
  readonly data!: Readonly<Record<string, unknown>>;
}

@InputType({ description: 'Two ids of one person, such as a visit and an account.' })
export class MergeUsersInput {
  @Field(() => Id, { description: 'The id that ends; that of a session is session:<sessionId>.' })
  readonly from!: string;

  @Field(() => Id, { description: 'The user who has both histories from now on.' })
  readonly into!: string;
}

@ObjectType({ description: 'What was joined.' })
export class MergeUsersPayload {
  @Field(() => Int, { description: 'Interactions that were moved.' })
  readonly interactions!: number;

  @Field(() => Int, { description: 'Interactions that the user had already, word for word.' })
  readonly duplicates!: number;
}

@ObjectType({ description: 'What was forgotten.' })
export class ForgetInteractionsPayload {
  @Field(() => Int, { description: 'Interactions that left the log.' })
  readonly forgotten!: number;

  @Field(() => [UserError], { description: 'NOT_FOUND for each id that the user has no interaction of.' })
  readonly userErrors!: readonly UserError[];
}
