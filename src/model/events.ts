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

/** The same of a whole sequence, side by side; null: not known. */
export interface Columns {
  readonly itemIds: readonly string[];
  readonly kinds: readonly string[] | null;
  /** milliseconds since 1970 */
  readonly times: readonly (number | null)[] | null;
  readonly pinned: readonly (readonly number[])[] | null;
}

const noEdges = new Float64Array(0);

/** `sequence` has the oldest first; `previous` is when the user's event before it occurred, null where there is none. */
export function eventsOf(
  sequence: readonly Occurrence[],
  previous: number | null,
  items: Vocabulary,
  kinds: Vocabulary,
  dimensions: Pick<Dimensions, 'kinds' | 'gaps'>,
): Events {
  const columns = {
    itemIds: sequence.map(({ itemId }) => itemId),
    kinds: sequence.map(({ kind }) => kind),
    times: sequence.map(({ occurredAt }) => occurredAt?.valueOf() ?? null),
    pinned: sequence.map(({ pinned = [] }) => pinned),
  };
  return eventsOfColumns(columns, previous, items, kinds, dimensions);
}

export function eventsOfColumns(
  { itemIds, kinds: names, times, pinned }: Columns,
  previous: number | null,
  items: Vocabulary,
  kinds: Vocabulary,
  { kinds: knownKinds, gaps: buckets }: Pick<Dimensions, 'kinds' | 'gaps'>,
): Events {
  const count = itemIds.length;
  const [rows, kindRows, gaps] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const edges = buckets === 0 ? noEdges : gapEdges(buckets);
  let before = previous;
  for (let at = 0; at < count; at++) {
    rows[at] = items.rowOf(itemIds[at] as string);
    if (knownKinds > 0) kindRows[at] = kinds.rowOf(names?.[at] ?? '');
    if (buckets === 0) continue;
    const now = times?.[at] ?? null;
    gaps[at] = gapBucket(edges, before, now);
    before = now;
  }
  const isAnyPinned = pinned?.some((slots) => slots.length > 0) === true;
  return { rows, kinds: kindRows, gaps, pinned: isAnyPinned ? pinned : undefined };
}
