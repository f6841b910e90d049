/** Which interactions of a user are meant: some by their ids, or all that a filter selects. */
import type { InteractionSelection } from '../storage/interaction-edit.store.js';
import { badInput, checkCount, checkId, checkText, checkTime } from './arguments.js';
import type { ForgetInteractionsInput } from './memory-control.type.js';

/** Ids of one request. */
const mostIds = 20_000;
const longestKind = 256;

/** Kinds are taken as they are: the log may have some that are configured no more. */
export function readSelection(input: ForgetInteractionsInput): InteractionSelection {
  const ids = input.ids ?? null;
  const { filter } = input;
  const itemIds = filter?.itemIds ?? null;
  const kinds = filter?.kinds?.map((kind, index) => checkText(kind, `filter.kinds[${index}]`, longestKind)) ?? null;
  const from = checkTime(filter?.from, 'filter.from');
  const until = checkTime(filter?.until, 'filter.until');
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
