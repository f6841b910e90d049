/**
 * Kinds and time gaps of a user's events as the network takes them, by the same buckets as in serving (see src/model/gap).
 * A kind's index is that of the log plus 1: 0 stands for a kind that the model does not know.
 */
import type { Dimensions } from '../../model/dimensions.js';
import { gapBucket, gapEdges } from '../../model/gap.js';
import type { UserSequences } from './sequences.js';

/** Kinds and times of one user's events: views, the first event first. */
export type Beside = Pick<UserSequences, 'kinds' | 'times'>;

export type Switches = Pick<Dimensions, 'kinds' | 'gaps'>;

/** What is switched off is empty. */
export interface Context {
  readonly kinds: Int32Array;
  readonly gaps: Int32Array;
}

/** Of the events begin .. end - 1 of a user, whose first event is the first of `beside`: the gap of `begin` is known too. */
export function contextOf(beside: Beside | undefined, begin: number, end: number, { kinds, gaps }: Switches): Context {
  const none = new Int32Array(0);
  if (kinds === 0 && gaps === 0) return { kinds: none, gaps: none };
  if (beside === undefined) throw new Error('this network needs the kinds and times of every event');
  const edges = gapEdges(gaps);
  const own = beside.kinds.subarray(begin, end);
  return {
    kinds: kinds === 0 ? none : own.map((kind) => kind + 1),
    gaps: gaps === 0 ? none : own.map((_, at) => bucketAt(edges, beside.times, begin + at)),
  };
}

function bucketAt(edges: Float64Array, times: Float64Array, place: number): number {
  return gapBucket(edges, times[place - 1] ?? null, times[place] ?? null);
}
