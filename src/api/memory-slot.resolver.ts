import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { SlotProfile } from '../recommend/profile.js';
import type { ItemRow } from '../storage/item-read.store.js';
import { MemorySlot } from './memory-profile.type.js';
import type { RequestContext } from './request-context.js';

@Resolver(() => MemorySlot)
export class MemorySlotResolver {
  @ResolveField('nearestItems')
  async nearestItems(@Parent() slot: SlotProfile, @Context() context: RequestContext): Promise<readonly ItemRow[]> {
    const items = await Promise.all(nearestOnce(slot).map((itemId) => context.items.load(itemId)));
    return items.filter((item) => item !== null);
  }

  @ResolveField('label')
  async label(@Parent() slot: SlotProfile, @Context() context: RequestContext): Promise<string> {
    return (await this.nearestItems(slot, context)).map(({ id, title }) => title ?? id).join(', ');
  }
}

const nearest = new WeakMap<SlotProfile, readonly string[]>();

/** The label and the items themselves are made of the same scan. */
function nearestOnce(slot: SlotProfile): readonly string[] {
  const ids = nearest.get(slot) ?? slot.nearest();
  nearest.set(slot, ids);
  return ids;
}
