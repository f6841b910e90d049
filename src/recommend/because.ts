/**
 * Why: the past interactions that an answer rests on.
 *
 *   attention of interaction t    its share of what the memory read sees, exact by the write gates, see `attribution`
 *   influence of t on item j      score(j) - score(j) of the sequence without t, both by replay: what forgetting t takes from the score
 *
 * Influence is asked of the newest interactions, which the hidden state and the rules look at, and of the most attended, up to
 * `mostAsked` of them and `mostSteps` steps together: the older an interaction is, the longer is the replay without it.
 * A network without memory slots reads nothing: the attention of every interaction is 0.
 */
import { statesWithout, trace } from '../memory/trace.js';
import { recentItems } from '../model/dimensions.js';
import type { Network } from '../model/network.js';
import type { UserState } from '../model/user-state.js';
import type { AttendedInteraction, Reasons } from './answer.js';
import type { PlacedItems } from './placed-items.js';

/** Interactions whose influence is asked for. */
export const mostAsked = 32;
/** Steps that it may cost, about 12 us each. */
const mostSteps = 20_000;

type PastInteraction = Pick<AttendedInteraction, 'itemId' | 'kind' | 'occurredAt'> & { readonly id?: string };

/** Of a sequence, the oldest interaction first, from the empty memory or another start. */
export async function because(
  network: Network,
  placed: Pick<PlacedItems, 'scoreOf'> | null,
  sequence: readonly PastInteraction[],
  start?: UserState,
): Promise<Reasons> {
  const { state, gates, attention } = await trace(network, sequence, start);
  const shares = network.attribution(gates, attention);
  const asked = placesToAsk(shares);
  const without = await statesWithout(network, sequence, new Set(asked), start);
  const whole = scoring(network, placed, state);
  const others = [...without].map(([place, other]) => ({ place, scoreOf: scoring(network, placed, other) }));
  return {
    of: (itemIds) => {
      const scored = itemIds.flatMap((itemId) => {
        const score = whole(itemId);
        return score === null ? [] : [{ itemId, score }];
      });
      const influences = new Map(
        scored.length === 0
          ? []
          : others.map(({ place, scoreOf }) => {
              const falls = scored.map(({ itemId, score }) => score - (scoreOf(itemId) ?? score));
              return [place, falls.reduce((sum, fall) => sum + fall, 0) / falls.length];
            }),
      );
      return sequence
        .map(({ id = null, itemId, kind, occurredAt }, place) => ({
          ...{ id, itemId, kind, occurredAt, attention: shares[place] ?? 0 },
          influence: influences.get(place) ?? null,
        }))
        .reverse() // of equals the newest first
        .sort((a, b) => (b.influence ?? -Infinity) - (a.influence ?? -Infinity) || b.attention - a.attention);
    },
  };
}

/** Places of the interactions whose influence is asked for: the newest, then the most attended, as far as the steps reach. */
function placesToAsk(shares: Float32Array): readonly number[] {
  const newest = shares.length - recentItems;
  const rankOf = (place: number): number => (place >= newest ? 1 : 0) + (shares[place] ?? 0);
  const places = Array.from(shares, (_, place) => place).sort((a, b) => rankOf(b) - rankOf(a) || b - a);
  let steps = 0;
  return places.slice(0, mostAsked).filter((place) => {
    const cost = shares.length - place;
    if (steps + cost > mostSteps) return false;
    steps += cost;
    return true;
  });
}

/** The scores of items for a memory; null for an item that the model neither has learned nor places. */
function scoring(
  network: Network,
  placed: Pick<PlacedItems, 'scoreOf'> | null,
  state: UserState,
): (itemId: string) => number | null {
  const u = network.query(state);
  return (itemId) => {
    const row = network.vocabulary.rowOf(itemId);
    return row > 0 ? network.scoreOf(state, u, row) : (placed?.scoreOf(itemId, u) ?? null);
  };
}
