import { Args, Context, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { SlotMoment } from '../recommend/slot-history.js';
import type { SlotProfile } from '../recommend/slot-profile.js';
import type { ItemRow } from '../storage/item-read.store.js';
import { badInput } from './arguments.js';
import { MemorySlot, SlotMomentType } from './memory-profile.type.js';
import { replayCost } from './query-cost.js';
import type { RequestContext } from './request-context.js';

/** Items of the catalogue that a slot points to. */
type Pointing = Pick<SlotProfile, 'nearest'>;

const mostMoments = 20;

@Resolver(() => MemorySlot)
export class MemorySlotResolver {
  @ResolveField('nearestItems')
  async nearestItems(@Parent() slot: Pointing, @Context() context: RequestContext): Promise<readonly ItemRow[]> {
    return itemsOf(slot, context);
  }

  @ResolveField('label')
  async label(@Parent() slot: Pointing, @Context() context: RequestContext): Promise<string> {
    return labelOf(slot, context);
  }

  @ResolveField(() => [SlotMomentType], {
    description:
      'Its way here, the oldest moment first: moments that lie evenly over the interactions, the last one now. Costs another replay of ' +
      'the interactions, once for all slots, and only where it is asked for.',
    complexity: replayCost,
  })
  async history(
    @Parent() slot: SlotProfile,
    @Args({ name: 'moments', type: () => Int, defaultValue: 5, description: 'Moments, 1 to 20.' }) moments: number,
  ): Promise<readonly SlotMoment[]> {
    if (moments < 1 || moments > mostMoments)
      throw badInput('moments', `must be from 1 to ${mostMoments}, not ${moments}`);
    return slot.history(moments);
  }
}

@Resolver(() => SlotMomentType)
export class SlotMomentResolver {
  @ResolveField('nearestItems')
  async nearestItems(@Parent() moment: Pointing, @Context() context: RequestContext): Promise<readonly ItemRow[]> {
    return itemsOf(moment, context);
  }

  @ResolveField('label')
  async label(@Parent() moment: Pointing, @Context() context: RequestContext): Promise<string> {
    return labelOf(moment, context);
  }
}

async function itemsOf({ nearest }: Pointing, { items }: RequestContext): Promise<readonly ItemRow[]> {
  return (await Promise.all(nearest.map((itemId) => items.load(itemId)))).filter((item) => item !== null);
}

async function labelOf(pointing: Pointing, context: RequestContext): Promise<string> {
  return (await itemsOf(pointing, context)).map(({ id, title }) => title ?? id).join(', ');
}
