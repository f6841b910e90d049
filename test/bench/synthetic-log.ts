/** Logs without a pattern, of a real one's shape: what time and memory of a training depend on. The same seed gives the same log. */
import { Random } from '../../src/training/random.js';
import { SequenceCollector, type SequenceLog } from '../../src/training/log/sequences.js';

export interface LogShape {
  readonly users: number;
  readonly items: number;
  /** of a user, log-normal */
  readonly medianEvents: number;
  /** standard deviation of the logarithm of a user's events */
  readonly spread: number;
  readonly leastEvents: number;
  readonly mostEvents: number;
}

/** MovieLens 1M: about a million events. */
export const films: LogShape = {
  users: 6_040,
  items: 3_416,
  medianEvents: 96,
  spread: 1.03,
  leastEvents: 20,
  mostEvents: 2_314,
};

/** Amazon Beauty, 5-core. */
export const shop: LogShape = {
  users: 22_363,
  items: 12_101,
  medianEvents: 7,
  spread: 0.6,
  leastEvents: 5,
  mostEvents: 204,
};

/** A catalogue of a million items, about ten events a user. */
export const market: LogShape = {
  users: 200_000,
  items: 1_000_000,
  medianEvents: 8.5,
  spread: 0.6,
  leastEvents: 5,
  mostEvents: 200,
};

/**
 * Items by a power law: the item of rank r with a probability that falls with 1 / r. Every item is placed once before, outside of
 * the last two events of a user, so that leave-one-out keeps the whole catalogue in training.
 */
export function syntheticLog(shape: LogShape, seed = 1): SequenceLog {
  const random = new Random(seed);
  const unplaced = Int32Array.from({ length: shape.items }, (_, item) => item);
  random.shuffle(unplaced);
  const lengths = Int32Array.from({ length: shape.users }, () => lengthOf(shape, random));
  const places = lengths.reduce((sum, length) => sum + length - 2, 0);
  const share = Math.min(1, (1.02 * shape.items) / places);
  const collector = new SequenceCollector();
  let placed = 0;
  for (const length of lengths) {
    for (let at = 0; at < length; at++) {
      const isPlacing = at < length - 2 && placed < shape.items && random.next() < share;
      const item = isPlacing ? unplaced[placed++] : Math.floor(shape.items ** random.next()) - 1;
      collector.add(`item ${item ?? 0}`, { occurredAt: at });
    }
    collector.endUser();
  }
  return collector.finish(() => []);
}

function lengthOf({ medianEvents, spread, leastEvents, mostEvents }: LogShape, random: Random): number {
  const drawn = Math.round(medianEvents * Math.exp(spread * random.normal()));
  return Math.max(leastEvents, Math.min(mostEvents, drawn));
}
