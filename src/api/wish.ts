/** What requests for answers have in common, checked: for whom, which items, and what is left out as seen. */
import type { Config } from '../config.js';
import type { Wanted } from '../recommend/selection.js';
import type { SessionInteraction } from '../recommend/standing.js';
import type { Context, SeenWish } from '../recommend/wish.js';
import { badInput, checkCount, checkId, checkKind, checkTime } from './arguments.js';
import { readFilter } from './item-filter.js';
import type { RecommendationsInput, SessionInteractionInput } from './recommendations-input.type.js';

type Kinds = Pick<Config, 'kinds'>;

/** Longest list of a visitor. */
const longestSession = 500;
/** Days. */
const longestWindow = 3_650;
const mostBlocked = 10_000;

/** Whose answer it is: a user's, by his id, or a visitor's, by what he did. */
export function whoOf(
  { userId, interactions }: Pick<RecommendationsInput, 'userId' | 'interactions'>,
  config: Kinds,
): { readonly userId: string } | { readonly sequence: readonly SessionInteraction[] } {
  const hasUser = userId !== null && userId !== undefined;
  const hasList = interactions !== null && interactions !== undefined;
  if (hasUser === hasList) throw badInput('input', 'give either userId or interactions');
  return hasUser ? { userId: checkId(userId, 'userId') } : { sequence: sequenceOf(interactions ?? [], config) };
}

/** Which seen items are left out; null: none. */
export function seenOf(
  { excludeSeen, seen }: Pick<RecommendationsInput, 'excludeSeen' | 'seen'>,
  config: Kinds,
): SeenWish | null {
  if (seen === null || seen === undefined) return excludeSeen ? { kinds: null, since: null } : null;
  if (!excludeSeen) throw badInput('seen', 'says what is left out, and excludeSeen says that nothing is');
  const kinds = seen.kinds?.map((kind, place) => checkKind(kind, `seen.kinds[${place}]`, config)) ?? null;
  const days = checkDays(seen.withinDays, 'seen.withinDays');
  return { kinds, since: days === null ? null : new Date(Date.now() - days * 86_400_000) };
}

/** What the filter and the list of blocked items let in. */
export function wantedOf({ filter, blockedItemIds }: Pick<RecommendationsInput, 'filter' | 'blockedItemIds'>): Wanted {
  const blocked = blockedItemIds ?? [];
  checkCount(blocked, mostBlocked, 'blockedItemIds');
  return {
    filter: readFilter(filter),
    blocked: new Set(blocked.map((id, place) => checkId(id, `blockedItemIds[${place}]`))),
  };
}

/** Where he is; null: it is not said. */
export function contextOf({ context }: Pick<RecommendationsInput, 'context'>): Context | null {
  if (context === null || context === undefined) return null;
  const time = checkTime(context.time, 'context.time') ?? new Date();
  return { itemId: checkId(context.itemId, 'context.itemId'), time };
}

export function checkDays(days: number | null | undefined, field: string): number | null {
  if (days === null || days === undefined) return null;
  if (days < 1 || days > longestWindow) throw badInput(field, `must be from 1 to ${longestWindow}, not ${days}`);
  return days;
}

function sequenceOf(interactions: readonly SessionInteractionInput[], config: Kinds): readonly SessionInteraction[] {
  checkCount(interactions, longestSession, 'interactions');
  const sequence = interactions.map(({ itemId, kind, occurredAt }, place) => {
    const field = `interactions[${place}]`;
    return {
      itemId: checkId(itemId, `${field}.itemId`),
      kind: checkKind(kind, `${field}.kind`, config),
      occurredAt: checkTime(occurredAt, `${field}.occurredAt`),
    };
  });
  const times = sequence.map(({ occurredAt }) => occurredAt?.getTime() ?? NaN);
  return times.some(Number.isNaN)
    ? sequence
    : sequence.toSorted((a, b) => (a.occurredAt?.getTime() ?? 0) - (b.occurredAt?.getTime() ?? 0));
}
