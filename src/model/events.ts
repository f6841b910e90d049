/**
 * A user's interactions as a network takes them: the row of the item, the index of the kind, the bucket of the time gap.
 *
 * 0 stands for an item and for a kind that the model does not know. Kinds and gaps are looked at only by a network that has
 * vectors for them; for any other they are 0 throughout.
 */
import type { Dimensions } from './dimensions.js';
import { gapBucket, gapEdges } from './gap.js';
import type { UserState } from './user-state.js';
import type { Vocabulary } from './vocabulary.js';

/** What of an interaction a network can look at. */
export interface Occurrence {
  readonly itemId: string;
  readonly kind: string;
  /** an instant, as a Date or as milliseconds since 1970; null: not known */
  readonly occurredAt: Date | number | null;
  /** slots that it leaves as they are, see `pinned`; left out: none */
  readonly pinned?: readonly number[];
}

/** What events are beside their items, each as long as the rows; what a network has no vectors for may be left out. */
export interface EventContext {
  readonly kinds?: Int32Array | undefined;
  readonly gaps?: Int32Array | undefined;
  /** slots that each leaves as they are; left out: none of them any */
  readonly pinned?: readonly (readonly number[])[] | undefined;
}

export interface Events extends EventContext {
  readonly rows: Int32Array;
  readonly kinds: Int32Array;
  readonly gaps: Int32Array;
}

/** A user's state, and the events that are to be applied to it, the oldest first. */
export interface Track {
  readonly state: UserState;
  readonly events: Events;
}

/** `sequence` has the oldest first; `previous` is when the user's event before it occurred, null where there is none. */
export function eventsOf(
  sequence: readonly Occurrence[],
  previous: number | null,
  items: Vocabulary,
  kinds: Vocabulary,
  { gaps }: Pick<Dimensions, 'gaps'>,
): Events {
  const edges = gapEdges(gaps);
  let before = previous;
  return {
    rows: Int32Array.from(sequence, ({ itemId }) => items.rowOf(itemId)),
    kinds: Int32Array.from(sequence, ({ kind }) => kinds.rowOf(kind)),
    gaps: Int32Array.from(sequence, ({ occurredAt }) => {
      const now = occurredAt === null ? null : occurredAt.valueOf();
      const bucket = gaps === 0 ? 0 : gapBucket(edges, before, now);
      before = now;
      return bucket;
    }),
    pinned: sequence.some(({ pinned }) => pinned !== undefined && pinned.length > 0)
      ? sequence.map(({ pinned = [] }) => pinned)
      : undefined,
  };
}
