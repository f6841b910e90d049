/** The field `item` of everything that names one by its id: all of a level are loaded by one statement. */
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { ItemRow } from '../storage/item-read.store.js';
import { ItemShareType, SlotInteractionType } from './memory-profile.type.js';
import { Because } from './recommendations.type.js';
import type { RequestContext } from './request-context.js';
import { Interaction } from './user.type.js';

interface Named {
  readonly itemId: string;
}

@Resolver(() => Because)
export class BecauseItemResolver {
  @ResolveField('item')
  async item(@Parent() { itemId }: Named, @Context() { items }: RequestContext): Promise<ItemRow | null> {
    return items.load(itemId);
  }
}

@Resolver(() => SlotInteractionType)
export class SlotInteractionItemResolver {
  @ResolveField('item')
  async item(@Parent() { itemId }: Named, @Context() { items }: RequestContext): Promise<ItemRow | null> {
    return items.load(itemId);
  }
}

@Resolver(() => ItemShareType)
export class ItemShareItemResolver {
  @ResolveField('item')
  async item(@Parent() { itemId }: Named, @Context() { items }: RequestContext): Promise<ItemRow | null> {
    return items.load(itemId);
  }
}

@Resolver(() => Interaction)
export class InteractionItemResolver {
  @ResolveField('item')
  async item(@Parent() { itemId }: Named, @Context() { items }: RequestContext): Promise<ItemRow | null> {
    return items.load(itemId);
  }
}
