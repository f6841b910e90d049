/**
 * A user's interactions as a network takes them: the row of the item, the index of the kind, the bucket of the time gap.
 *
 * 0 stands for an item and for a kind that the model does not know. Kinds and gaps are looked at only by a network that has
 * vectors for them; for any other they are 0 throughout.
 */
import type { Dimensions } from './dimensions.js';
import { gapBucket, gapEdges } from './gap.js';
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

/** `sequence` has the oldest first; `previous` is when the user's event before it occurred, null where there is none. */
export function eventsOf(
  sequence: readonly Occurrence[],
  previous: number | null,
  items: Vocabulary,
  kinds: Vocabulary,
  { gaps }: Pick<Dimensions, 'gaps'>,
): Events {
  const count = sequence.length; // the loop is plain: most sequences are short, and made for every event
  const events = { rows: new Int32Array(count), kinds: new Int32Array(count), gaps: new Int32Array(count) };
  const edges = gaps === 0 ? null : gapEdges(gaps);
  let before = previous;
  for (const [at, { itemId, kind, occurredAt }] of sequence.entries()) {
    const now = occurredAt === null ? null : occurredAt.valueOf();
    events.rows[at] = items.rowOf(itemId);
    events.kinds[at] = kinds.rowOf(kind);
    if (edges !== null) events.gaps[at] = gapBucket(edges, before, now);
    before = now;
  }
  return {
    ...events,
    pinned: sequence.some(({ pinned }) => pinned !== undefined && pinned.length > 0)
      ? sequence.map(({ pinned = [] }) => pinned)
      : undefined,
  };
}
