/**
 * Who may ask what. Each request brings its key, which is looked up before the document is read; each root field names the scope
 * that it asks for. A field without a scope is closed.
 */
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext, type GqlContextType } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import type { Actor } from '../memory/audit.js';
import { scopes, type Scope } from '../storage/api-key.entity.js';
import { allows } from './api-key.js';
import { KnownKeys } from './known-keys.js';
import type { RequestContext } from './request-context.js';

export const scopeMetadata = 'recollect:scope';

/** The scope that a root field asks for. */
export const Scopes = (scope: Scope): MethodDecorator => SetMetadata(scopeMetadata, scope);

export interface Caller {
  readonly scopes: readonly Scope[];
  /** as the audit log names him */
  readonly actor: Actor;
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
      return { scopes, actor: { name: 'authentication is off', keyPrefix: null } };
    }
    if (key === null) {
      throw new RecollectError(
        'UNAUTHENTICATED',
        'an API key is needed: send it as "Authorization: Bearer <key>" or as x-api-key',
      );
    }
    const row = await this.keys.verified(key);
    return { scopes: row.scopes, actor: { name: row.name, keyPrefix: row.prefix } };
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType<GqlContextType>() !== 'graphql') return true; //        health and the like are open
    const needed = this.reflector.get<Scope | undefined>(scopeMetadata, context.getHandler());
    const request: RequestContext = GqlExecutionContext.create(context).getContext();
    if (needed === undefined) throw new Error(`${context.getHandler().name} names no scope`);
    if (!allows(request.scopes, needed)) {
      throw new RecollectError('FORBIDDEN', `the API key lacks the scope ${needed}`);
    }
    return true;
  }
}

/** The key in headers, or in what stands for them; null: there is none. */
export function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const { authorization, 'x-api-key': header } = headers;
  const bearer = typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
  return bearer ?? (typeof header === 'string' && header !== '' ? header : null);
}
