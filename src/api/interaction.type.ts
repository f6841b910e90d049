import { Field, Float, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';
import { UserError } from './user-error.type.js';

export type VerdictStatus = 'ACCEPTED' | 'DUPLICATE' | 'DUPLICATE_DIFFERS' | 'FORGOTTEN' | 'REFUSED';
export const VerdictStatusEnum: Readonly<Record<VerdictStatus, VerdictStatus>> = {
  ACCEPTED: 'ACCEPTED',
  DUPLICATE: 'DUPLICATE',
  DUPLICATE_DIFFERS: 'DUPLICATE_DIFFERS',
  FORGOTTEN: 'FORGOTTEN',
  REFUSED: 'REFUSED',
};
registerEnumType(VerdictStatusEnum, {
  name: 'VerdictStatus',
  description: 'What became of an interaction.',
  valuesMap: {
    ACCEPTED: { description: 'Logged, and applied to the memory if there is a model.' },
    DUPLICATE: { description: 'The user has an interaction with this id and this content; nothing changed.' },
    DUPLICATE_DIFFERS: { description: 'The user has an interaction with this id and other content; nothing changed.' },
    FORGOTTEN: { description: 'The user had it and it was forgotten: it is not taken again.' },
    REFUSED: { description: 'Not valid, see the error; nothing of it was kept.' },
  },
});

@InputType({ description: 'What a user did with an item.' })
export class InteractionInput {
  @Field(() => Id, {
    nullable: true,
    description: 'Unique for the user; a retry under the same id changes nothing. Left out: a new one is made.',
  })
  readonly id?: string | null;

  @Field(() => Id, { nullable: true, description: '1 to 256 characters, kept as given. Left out: see sessionId.' })
  readonly userId?: string | null;

  @Field(() => Id, {
    nullable: true,
    description: 'The visit. Without a userId it is the visitor, who is then the user session:<sessionId>.',
  })
  readonly sessionId?: string | null;

  @Field(() => Id, { description: '1 to 256 characters, kept as given.' })
  readonly itemId!: string;

  @Field(() => String, { description: 'A configured kind, such as view.' })
  readonly kind!: string;

  @Field(() => Float, { nullable: true, description: 'A rating, seconds, a portion: what you mean by it.' })
  readonly value?: number | null;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly occurredAt!: string;

  @Field(() => Id, { nullable: true, description: 'The id of the answer that led to it.' })
  readonly recommendationId?: string | null;

  @Field(() => JSONObject, { nullable: true, description: 'At most 4 KiB.' })
  readonly properties?: Readonly<Record<string, unknown>> | null;
}

@InputType({ description: 'Interactions to log and apply.' })
export class TrackInteractionsInput {
  @Field(() => [InteractionInput], { description: 'At most 1,000, of any users, in any order.' })
  readonly interactions!: readonly InteractionInput[];
}

@ObjectType({ description: 'What became of one interaction.' })
export class InteractionVerdict {
  @Field(() => Int, { description: 'Its place in the input, from 0 on.' })
  readonly index!: number;

  @Field(() => VerdictStatusEnum, { description: 'What became of it.' })
  readonly status!: VerdictStatus;

  @Field(() => Id, { nullable: true, description: 'Its id, given or made; null if it was refused.' })
  readonly id!: string | null;

  @Field(() => UserError, {
    nullable: true,
    description: 'Why it was refused; null if it was not.',
  })
  readonly error!: UserError | null;
}

@ObjectType({ description: 'A verdict for each interaction, in the order of the input.' })
export class TrackInteractionsPayload {
  @Field(() => [InteractionVerdict], { description: 'One for each interaction.' })
  readonly verdicts!: readonly InteractionVerdict[];

  @Field(() => Int, { description: 'Interactions that are new.' })
  readonly accepted!: number;

  @Field(() => Int, { description: 'Interactions that had been there, those that differ included.' })
  readonly duplicates!: number;

  @Field(() => Int, { description: 'Interactions that were forgotten before and are not taken again.' })
  readonly forgotten!: number;

  @Field(() => Int, { description: 'Interactions that were refused.' })
  readonly refused!: number;

  @Field(() => [UserError], {
    description: 'The errors of the verdicts; `field` begins with the place, such as interactions[3].',
  })
  readonly userErrors!: readonly UserError[];
}
