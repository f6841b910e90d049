import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { DataSource } from 'typeorm';
import { Profiles, type MemoryProfile } from '../recommend/profile.js';
import { interactionsBefore, type LoggedInteraction } from '../storage/interaction-read.store.js';
import type { UserProperties } from '../storage/user-profile.store.js';
import { ofUserId, Scopes } from './access.js';
import { checkFirst, checkId, checkTime } from './arguments.js';
import { afterArgument, connectionOf, firstArgument, readCursor, type Connection } from './connection.js';
import { DateTime } from './date-time.scalar.js';
import { Id } from './id.scalar.js';
import { JSONObject } from './json-object.scalar.js';
import { MemoryProfileType } from './memory-profile.type.js';
import { replayCost } from './query-cost.js';
import type { RequestContext } from './request-context.js';
import { InteractionConnection, User } from './user.type.js';

@Resolver(() => User)
export class UserResolver {
  constructor(
    private readonly dataSource: DataSource,
    private readonly profiles: Profiles,
  ) {}

  @Scopes('reader', ({ id }: { readonly id: string }) => [id])
  @Query(() => User, { description: 'What is known of a user; one that is unknown has no interactions.' })
  user(@Args('id', { type: () => Id, description: 'The user.' }) id: string): User {
    return { id: checkId(id, 'id') };
  }

  @Scopes('reader', ofUserId)
  @Query(() => MemoryProfileType, {
    description: 'What is remembered of a user, and what it is made of.',
    complexity: replayCost,
  })
  async memoryProfile(
    @Args('userId', { type: () => Id, description: 'The user.' }) userId: string,
    @Args('asOf', {
      type: () => DateTime,
      nullable: true,
      description:
        'What the live model would have remembered at this instant, by what had happened by then, the instant included, as the log tells ' +
        'it now: nothing that was forgotten, and what came late where it happened. Left out: the memory as it is.',
    })
    asOf: string | null | undefined,
  ): Promise<MemoryProfile> {
    return this.profiles.of(checkId(userId, 'userId'), checkTime(asOf, 'asOf'));
  }

  @ResolveField(() => JSONObject, {
    description: 'The profile, as the topic of users gave it; empty where it gave none.',
  })
  async properties(@Parent() { id }: User, @Context() { users }: RequestContext): Promise<UserProperties> {
    return (await users.load(id))?.properties ?? {};
  }

  @ResolveField(() => Boolean, {
    description: 'Whether an interaction made the profile (RECOLLECT_UNKNOWN_USERS=create) and nobody has put it yet.',
  })
  async incomplete(@Parent() { id }: User, @Context() { users }: RequestContext): Promise<boolean> {
    return (await users.load(id))?.incomplete ?? false;
  }

  @ResolveField(() => MemoryProfileType, { description: 'What is remembered of the user.', complexity: replayCost })
  async memory(@Parent() { id }: User): Promise<MemoryProfile> {
    return this.profiles.of(id);
  }

  @ResolveField(() => InteractionConnection, { description: 'The log, the newest first; equal times by arrival.' })
  async interactions(
    @Parent() { id }: User,
    @Args(firstArgument) first: number,
    @Args(afterArgument) after: string | null | undefined,
  ): Promise<Connection<LoggedInteraction>> {
    const count = checkFirst(first);
    const place = readCursor(after, /^\d{1,19}$/);
    const before = place === null ? null : { occurredAt: place.time, arrival: place.tie };
    const rows = await interactionsBefore(this.dataSource.manager, id, count + 1, before);
    return connectionOf(rows, count, after, ({ occurredAt, arrival }) => [occurredAt.toISOString(), arrival]);
  }
}
