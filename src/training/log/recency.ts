/**
 * What the loss of a target weighs by how long ago it was: what people did last is nearest to what will be asked.
 *
 *   max(floor, decay^n) 2^((t - newest) / halfLife)      n places before the end of its user's sequence, at the time t
 */
import type { Hyperparameters } from '../hyperparameters.js';
import type { Columns } from './columns.js';

export interface Recency {
  readonly decay: number;
  readonly floor: number;
  /** in milliseconds; infinite: times do not count */
  readonly halfLife: number;
  /** time of the newest interaction, milliseconds since 1970 */
  readonly newest: number;
}

export const noRecency: Recency = { decay: 1, floor: 0, halfLife: Number.POSITIVE_INFINITY, newest: 0 };

/** As the recipe has it, of a log whose interactions are of these times. */
export function recencyOf(
  {
    recencyDecay: decay,
    recencyFloor: floor,
    recencyHalfLife,
  }: Pick<Hyperparameters, 'recencyDecay' | 'recencyFloor' | 'recencyHalfLife'>,
  { times }: Pick<Columns, 'times'>,
): Recency {
  if (recencyHalfLife === 0) return { ...noRecency, decay, floor };
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) [oldest, newest] = [Math.min(oldest, time), Math.max(newest, time)];
  const span = newest - oldest;
  return span > 0 ? { decay, floor, halfLife: recencyHalfLife * span, newest } : { ...noRecency, decay, floor };
}

/** Whether all targets weigh the same. */
export function isEven({ decay, halfLife }: Recency): boolean {
  return decay === 1 && halfLife === Number.POSITIVE_INFINITY;
}

/** Of a target so many places before the end of its user's sequence. */
export function recencyWeight({ decay, floor, halfLife, newest }: Recency, places: number, time: number): number {
  return Math.max(floor, decay ** places) * 2 ** ((time - newest) / halfLife);
}
