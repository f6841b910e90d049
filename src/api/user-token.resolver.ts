import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { RecollectError } from '../errors.js';
import { Scopes } from './access.js';
import { allows } from './api-key.js';
import { badInput, checkId } from './arguments.js';
import type { RequestContext } from './request-context.js';
import { longestTokenSeconds } from './user-token.js';
import { CreateUserTokenInput, CreateUserTokenPayload } from './user-token.type.js';

@Resolver()
export class UserTokenResolver {
  @Scopes('reader')
  @Mutation(() => CreateUserTokenPayload, {
    nullable: true,
    description:
      'A token for the browser of a user: it opens what is about this user, and the catalogue, and nothing else. Ask for it where it is known who ' +
      'is signed in; the key stays there. Nothing is stored, and revoking the key ends all its tokens.',
  })
  createUserToken(
    @Args('input', { description: 'Whose, what for, and for how long.' })
    { userId, scopes, seconds }: CreateUserTokenInput,
    @Context() { scopes: granted, signToken }: RequestContext,
  ): CreateUserTokenPayload {
    const id = checkId(userId, 'userId');
    if (scopes.length === 0) throw badInput('scopes', 'must name at least one');
    if (seconds < 1 || seconds > longestTokenSeconds) {
      throw badInput('seconds', `must be from 1 to ${longestTokenSeconds}, not ${seconds}`);
    }
    const lacking = scopes.find((scope) => !allows(granted, scope));
    if (lacking !== undefined) throw new RecollectError('FORBIDDEN', `the API key lacks the scope ${lacking}`);
    if (signToken === null) {
      throw new RecollectError(
        'BAD_INPUT',
        'no key makes tokens here: it is older than tokens, or authentication is off',
      );
    }
    const expiresAt = new Date(1_000 * (Math.floor(Date.now() / 1_000) + seconds));
    return { token: signToken({ userId: id, scopes: [...new Set(scopes)], expiresAt }), expiresAt };
  }
}
