import { Args, Query, Resolver } from '@nestjs/graphql';
import { ItemList } from '../recommend/item-list.js';
import type { ItemRow } from '../storage/item-read.store.js';
import { ofNobody, Scopes } from './access.js';
import { checkFirst } from './arguments.js';
import { afterArgument, connectionOf, firstArgument, readCursor, type Connection } from './connection.js';
import { readFilter } from './item-filter.js';
import { ItemFilterInput } from './item-filter.type.js';
import { ItemConnection } from './item.type.js';

@Resolver(() => ItemConnection)
export class ItemsResolver {
  constructor(private readonly list: ItemList) {}

  @Scopes('reader', ofNobody)
  @Query(() => ItemConnection, {
    description: 'Items that may be answered, the newest first, of equal times the larger id first.',
  })
  async items(
    @Args(firstArgument) first: number,
    @Args(afterArgument) after: string | null | undefined,
    @Args('filter', { type: () => ItemFilterInput, nullable: true, description: 'Which items; left out: all.' })
    filter?: ItemFilterInput,
  ): Promise<Connection<ItemRow>> {
    const count = checkFirst(first);
    const place = readCursor(after, 'text');
    const rows = await this.list.newest(
      readFilter(filter),
      count + 1,
      place === null ? null : { createdAt: place.time, id: place.tie },
    );
    return connectionOf(rows, count, after, ({ createdAt, id }) => [createdAt.toISOString(), id]);
  }
}
