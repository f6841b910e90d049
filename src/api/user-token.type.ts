import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import type { TokenScope } from './user-token.js';

export const TokenScopeEnum = { READER: 'reader', WRITER: 'writer', PRIVACY: 'privacy' } as const satisfies Readonly<
  Record<string, TokenScope>
>;
registerEnumType(TokenScopeEnum, {
  name: 'TokenScope',
  description: 'What a token of a user is good for, of that user alone.',
  valuesMap: {
    READER: { description: 'To ask: answers, interactions, memory, and the catalogue as far as it is answered.' },
    WRITER: { description: 'To track interactions.' },
    PRIVACY: { description: 'To forget, pin, reset, export and erase.' },
  },
});

@InputType({ description: 'Who is signed in, and what the token is to be good for.' })
export class CreateUserTokenInput {
  @Field(() => Id, { description: 'The user.' })
  readonly userId!: string;

  @Field(() => [TokenScopeEnum], {
    defaultValue: [TokenScopeEnum.READER],
    description: 'At least one, and none that the key of this request lacks.',
  })
  readonly scopes!: readonly TokenScope[];

  @Field(() => Int, { defaultValue: 900, description: 'How long it is good, in seconds, 1 to 86,400.' })
  readonly seconds!: number;
}

@ObjectType({ description: 'A token that is bound to a user.' })
export class CreateUserTokenPayload {
  @Field(() => String, {
    description: 'To be sent as a key is. It is good for no longer than the key that it was made with.',
  })
  readonly token!: string;

  @Field(() => DateTime, { description: 'From then on it is refused (KEY_EXPIRED).' })
  readonly expiresAt!: Date;
}
