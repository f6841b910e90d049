import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Forgetting } from '../memory/forgetting.js';
import type { InteractionSelection } from '../storage/interaction-edit.store.js';
import { Scopes } from './access.js';
import { badInput, checkCount, checkId, checkTime } from './arguments.js';
import {
  ForgetInteractionsInput,
  ForgetInteractionsPayload,
  ResetMemoryInput,
  ResetMemoryPayload,
} from './memory-control.type.js';

/** Ids of one request. */
const mostIds = 20_000;

@Resolver()
export class MemoryControlResolver {
  constructor(private readonly forgetting: Forgetting) {}

  @Scopes('privacy')
  @Mutation(() => ForgetInteractionsPayload, {
    description:
      'Takes interactions out of log, counts and memories, at once: the memory then equals, bit for bit, one that never saw them. ' +
      'Delivered once more they are not taken.',
  })
  async forgetInteractions(@Args('input') input: ForgetInteractionsInput): Promise<ForgetInteractionsPayload> {
    const userId = checkId(input.userId, 'userId');
    const selection = readSelection(input);
    const { count, missing } = await this.forgetting.forgetInteractions(userId, selection);
    const places = new Map((selection.ids ?? []).map((id, index): [string, number] => [id, index]).reverse());
    return {
      forgotten: count,
      userErrors: missing.map((id) => ({
        code: 'NOT_FOUND',
        field: `ids[${places.get(id) ?? 0}]`,
        message: 'the user has no interaction with this id',
      })),
    };
  }

  @Scopes('privacy')
  @Mutation(() => ResetMemoryPayload, {
    description:
      'Empties the memory, at once. What has arrived stays in the log, for pages of it, seen items and popularity, and enters no ' +
      'memory, reason or training any more; what arrives later does, whenever it happened.',
  })
  async resetMemory(@Args('input') input: ResetMemoryInput): Promise<ResetMemoryPayload> {
    return { leftOut: await this.forgetting.resetMemory(checkId(input.userId, 'userId')) };
  }
}

/** Kinds are taken as they are: the log may have some that are configured no more. */
function readSelection(input: ForgetInteractionsInput): InteractionSelection {
  const ids = input.ids ?? null;
  const itemIds = input.filter?.itemIds ?? null;
  const kinds = input.filter?.kinds ?? null;
  const from = checkTime(input.filter?.from, 'filter.from');
  const until = checkTime(input.filter?.until, 'filter.until');
  const isFiltered = [itemIds, kinds, from, until].some((part) => part !== null);
  if (ids === null && !isFiltered) {
    throw badInput('ids', 'what is to be forgotten is not said: give ids, or a filter with at least one part');
  }
  if (ids !== null && isFiltered) throw badInput('filter', 'give either ids or a filter');
  checkCount(ids ?? [], mostIds, 'ids');
  checkCount(itemIds ?? [], mostIds, 'filter.itemIds');
  return {
    ids: ids?.map((id, index) => checkId(id, `ids[${index}]`)) ?? null,
    itemIds: itemIds?.map((id, index) => checkId(id, `filter.itemIds[${index}]`)) ?? null,
    kinds,
    from,
    until,
  };
}
