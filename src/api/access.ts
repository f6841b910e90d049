/**
 * Who may ask what. Each request brings its key, which is looked up before the document is read; each root field names the scope
 * that it asks for. A field without a scope is closed. A token that is bound to a user opens only fields that say whose data they are
 * about, and these for that user alone.
 */
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Actor } from '../memory/audit.js';
import { scopes, type Scope } from '../storage/api-key.entity.js';
import { allows, prefixOf, verifyKey } from './api-key.js';
import { KnownKeys } from './known-keys.js';
import type { RequestContext } from './request-context.js';
import { createToken, isToken, prefixOfToken, verifyToken, type TokenClaims } from './user-token.js';

export const scopeMetadata = 'recollect:scope';

const usersMetadata = 'recollect:users';

/** Ids of the users whom a call of a root field is about. */
export type UsersOf = (args: never) => readonly (string | null | undefined)[];

/** Of fields about the catalogue: every user's token opens them. */
export const ofNobody: UsersOf = () => [];
/** Of fields that name their user in the argument `userId`, or in that of `input`. */
export const ofUserId = ({ userId }: { readonly userId?: string | null }): readonly (string | null | undefined)[] => [
  userId,
];
export const ofInput: UsersOf = ({ input }: { readonly input: { readonly userId?: string | null } }) => ofUserId(input);

/** The scope that a root field asks for, and `users`, whom it is about; without it tokens of users do not open it. */
export const Scopes =
  (scope: Scope, users?: UsersOf): MethodDecorator =>
  (target, name, descriptor) => {
    SetMetadata(scopeMetadata, scope)(target, name, descriptor);
    SetMetadata(usersMetadata, users)(target, name, descriptor);
  };

export interface Caller {
  readonly scopes: readonly Scope[];
  /** as the audit log names him */
  readonly actor: Actor;
  /** the user that a token is bound to; null: whoever it is may ask for all users */
  readonly userId: string | null;
  /** makes a token with the key that he brought; null: he brought none that can */
  readonly signToken: ((claims: TokenClaims) => string) | null;
}

@Injectable()
export class Access implements CanActivate {
  constructor(
    private readonly keys: KnownKeys,
    private readonly reflector: Reflector,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Who asks, by the request's key; throws UNAUTHENTICATED or KEY_EXPIRED. */
  async callerOf({ headers }: FastifyRequest): Promise<Caller> {
    return this.callerBy(keyOf(headers));
  }

  /** The same by a key; null: none was given. */
  async callerBy(key: string | null): Promise<Caller> {
    if (this.config.authentication === 'off') {
      return { scopes, actor: { name: 'authentication is off', keyPrefix: null }, userId: null, signToken: null };
    }
    if (key === null) {
      throw new RecollectError(
        'UNAUTHENTICATED',
        'an API key is needed: send it as "Authorization: Bearer <key>" or as x-api-key',
      );
    }
    if (isToken(key)) return this.callerByToken(key);
    const row = await this.keys.find(prefixOf(key));
    const { name, prefix, scopes: granted, tokenKey } = verifyKey(row, key);
    const signToken = tokenKey === null ? null : (claims: TokenClaims): string => createToken(key, claims);
    return { scopes: granted, actor: { name, keyPrefix: prefix }, userId: null, signToken };
  }

  private async callerByToken(token: string): Promise<Caller> {
    const { key, userId, scopes: granted } = verifyToken(await this.keys.find(prefixOfToken(token)), token);
    return {
      scopes: granted,
      actor: { name: `${key.name}, by a token`, keyPrefix: key.prefix },
      userId,
      signToken: null,
    };
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType<GqlContextType>() !== 'graphql') return true; //        health and the like are open
    const needed = this.reflector.get<Scope | undefined>(scopeMetadata, context.getHandler());
    const request: RequestContext = GqlExecutionContext.create(context).getContext();
    if (needed === undefined) throw new Error(`${context.getHandler().name} names no scope`);
    if (!allows(request.scopes, needed)) {
      throw new RecollectError('FORBIDDEN', `the API key lacks the scope ${needed}`);
    }
    if (request.userId !== null) this.checkUser(context, request.userId);
    return true;
  }

  private checkUser(context: ExecutionContext, userId: string): void {
    const users = this.reflector.get<UsersOf | undefined>(usersMetadata, context.getHandler());
    if (users === undefined)
      throw new RecollectError('FORBIDDEN', 'a token that is bound to a user does not open this field');
    const args: never = GqlExecutionContext.create(context).getArgs();
    if (users(args).some((id) => id !== userId)) {
      throw new RecollectError('FORBIDDEN', 'the token is bound to one user: name that user, and no other');
    }
  }
}

/** The key in headers, or in what stands for them; null: there is none. */
export function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const { authorization, 'x-api-key': header } = headers;
  const bearer = typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
  return bearer ?? (typeof header === 'string' && header !== '' ? header : null);
}
