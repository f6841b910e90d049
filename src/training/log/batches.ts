/**
 * Batches of training rows. A row is a window of one user's training sequence: at most T items and the next item
 * after each. A longer history gives its last T items, and its older parts as further rows, so that every transition
 * is learned once an epoch.
 *
 * Rows of like length go together, with 15 % jitter so that batches differ from epoch to epoch, up to about N
 * positions a batch; the batches come in random order.
 */
import { contextOf, type Beside, type Switches } from './event-context.js';
import { pairsOf, targetWeights, type Outcomes, type Pairs } from './outcomes.js';
import type { Random } from '../random.js';
import { isEven, noRecency, recencyWeight, type Recency } from './recency.js';
import { sequenceOf, userCount, type ItemSequences } from './sequences.js';

/** Inputs are items begin .. end - 2 of the user's training sequence, targets begin + 1 .. end - 1. */
export interface Window {
  readonly user: number;
  readonly begin: number;
  readonly end: number;
}

/** A batch as the graph takes it: item rows time-major, padded with 0 at the end. */
export interface Batch {
  readonly steps: number;
  readonly users: number;
  readonly rows: Int32Array; //       [T*B]
  readonly kinds: Int32Array; //      [T*B] and
  readonly gaps: Int32Array; //       [T*B] for a network that has vectors for them, else 0 throughout
  readonly positions: Int32Array; //  [P] places in `rows` that have a target
  readonly targets: Int32Array; //    [P]
  /** what the loss of each target weighs, 1 on average; null: all the same */
  readonly weights: Float32Array | null; // [P]
  /** items that outcomes tell apart; null: none */
  readonly pairs: Pairs | null;
}

export function windowsOf(training: ItemSequences, window: number): Window[] {
  const windows: Window[] = [];
  for (let user = 0; user < userCount(training); user++) {
    let end = sequenceOf(training, user).length;
    while (end >= 2) {
      const begin = Math.max(0, end - window - 1);
      windows.push({ user, begin, end });
      end = begin === 0 ? 0 : begin + 1;
    }
  }
  return windows;
}

export function batchesOf(windows: readonly Window[], batchPositions: number, random: Random): Window[][] {
  const keyed = windows.map((window) => {
    const length = lengthOf(window);
    return { window, length, key: length + random.next() * Math.max(1, 0.15 * length) };
  });
  keyed.sort((a, b) => a.key - b.key);
  const batches: Window[][] = [];
  let batch: Window[] = [];
  let longest = 0;
  for (const { window, length } of keyed) {
    if (batch.length > 0 && (batch.length + 1) * Math.max(longest, length) > batchPositions) {
      batches.push(batch);
      batch = [];
      longest = 0;
    }
    batch.push(window);
    longest = Math.max(longest, length);
  }
  if (batch.length > 0) batches.push(batch);
  random.shuffle(batches);
  return batches;
}

/** `switches` say whether the network looks at kinds and gaps. */
export function fill(
  training: ItemSequences & Partial<Beside>,
  windows: readonly Window[],
  switches: Switches = { kinds: 0, gaps: 0 },
  recency: Recency = noRecency,
  outcomes: Outcomes | null = null,
): Batch {
  const users = windows.length;
  const steps = Math.max(...windows.map(lengthOf));
  const count = windows.reduce((sum, window) => sum + lengthOf(window), 0);
  const rows = new Int32Array(steps * users);
  const kinds = new Int32Array(rows.length);
  const gaps = new Int32Array(rows.length);
  const positions = new Int32Array(count);
  const targets = new Int32Array(count);
  let filled = 0;
  windows.forEach((window, column) => {
    const items = sequenceOf(training, window.user).subarray(window.begin, window.end);
    const context = contextOf(besideOf(training, window.user), window.begin, window.end, switches);
    for (let t = 0; t + 1 < items.length; t++) {
      const place = t * users + column;
      rows[place] = items[t] ?? 0;
      kinds[place] = context.kinds[t] ?? 0;
      gaps[place] = context.gaps[t] ?? 0;
      positions[filled] = place;
      targets[filled++] = items[t + 1] ?? 0;
    }
  });
  const byRecency = weightsOf(training, windows, count, recency);
  const fixed = { steps, users, rows, kinds, gaps, positions, targets };
  if (outcomes === null) return { ...fixed, weights: byRecency, pairs: null };
  const weights = targetWeights(outcomes, training, windows);
  return {
    ...fixed,
    weights: byRecency === null ? weights : weights.map((weight, at) => weight * (byRecency[at] ?? 1)),
    pairs: pairsOf(outcomes, training, windows),
  };
}

function weightsOf(
  training: ItemSequences & Partial<Beside>,
  windows: readonly Window[],
  count: number,
  recency: Recency,
): Float32Array | null {
  if (isEven(recency)) return null;
  const weights = new Float64Array(count);
  let filled = 0;
  let sum = 0;
  for (const { user, begin, end } of windows) {
    const { length } = sequenceOf(training, user);
    const times = besideOf(training, user)?.times;
    for (let target = begin + 1; target < end; target++) {
      sum += weights[filled++] = recencyWeight(recency, length - 1 - target, times?.[target] ?? recency.newest);
    }
  }
  return Float32Array.from(weights, (weight) => (weight * count) / sum);
}

function besideOf({ offsets, kinds, times }: ItemSequences & Partial<Beside>, user: number): Beside | undefined {
  const [begin, end] = [offsets[user], offsets[user + 1]];
  return kinds && times && { kinds: kinds.subarray(begin, end), times: times.subarray(begin, end) };
}

/** Inputs of a window. */
function lengthOf({ begin, end }: Window): number {
  return end - begin - 1;
}
