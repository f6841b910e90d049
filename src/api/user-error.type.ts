import { Field, ObjectType } from '@nestjs/graphql';
import { RecollectError, type ErrorCode } from '../errors.js';

@ObjectType({
  description: 'Why a mutation, or a part of it, was not done. Expected: it is data and not an error of the request.',
})
export class UserError {
  @Field(() => String, { description: 'Stable code, such as INVALID_ID.' })
  readonly code!: string;

  @Field(() => String, { nullable: true, description: 'The part of the input that is at fault; null: the whole.' })
  readonly field!: string | null;

  @Field(() => String, { description: 'What is wrong, and what to do.' })
  readonly message!: string;
}

/** An error with one of these codes as data; throws any other. */
export function userErrorsOf(error: unknown, codes: readonly ErrorCode[]): readonly UserError[] {
  if (!(error instanceof RecollectError) || !codes.includes(error.code)) throw error;
  const { code, field, message } = error;
  return [{ code, field, message }];
}
