/**
 * What the interactions of a training are worth as targets (see `src/model/outcome`):
 *
 *   a weight above 0     multiplies the cross entropy of the position, 1 on average over all targets of the training
 *   a weight of 0        is left out of the cross entropy, and so is one below 0
 *   a weight below 0     makes a pair with a later target above 0 of the same window, and the other way round: see `pairwise`
 *
 * The other item of a pair is drawn anew each time among all later ones. Neither is a seen one where the position compares them.
 */
import { outcomeWeight, type OutcomeRule } from '../../model/outcome.js';
import type { Window } from './batches.js';
import { Random } from '../random.js';
import { sequenceOf, userCount, type UserSequences } from './sequences.js';

export interface Outcomes {
  /** of each interaction, as the rules give it */
  readonly weights: Float32Array;
  /** of the positive weights: makes their mean over the targets 1 */
  readonly scale: number;
  /** draws the pairs */
  readonly random: Random;
}

/** Two items that a position should tell apart; see `pairwise`. */
export interface Pairs {
  /** places in the batch's positions */
  readonly positions: Int32Array; // [Q]
  /** rows of the item table */
  readonly wanted: Int32Array; //    [Q]
  readonly unwanted: Int32Array; //  [Q]
  /** the product of what both weigh */
  readonly weights: Float32Array; // [Q]
}

/** `kinds` are the names of the kinds that the users' interactions have; null where there are no rules. */
export function outcomesOf(
  users: UserSequences,
  kinds: readonly string[],
  rules: readonly OutcomeRule[],
  seed: number,
): Outcomes | null {
  if (rules.length === 0) return null;
  const weights = outcomeWeights(users, kinds, rules);
  let [sum, count] = [0, 0];
  for (let user = 0; user < userCount(users); user++) {
    for (let event = (users.offsets[user] ?? 0) + 1; event < (users.offsets[user + 1] ?? 0); event++) {
      sum += Math.max(0, weights[event] ?? 0);
      count++;
    }
  }
  return { weights, scale: sum === 0 ? 0 : count / sum, random: new Random(seed) };
}

/** The weight of each interaction. */
export function outcomeWeights(
  { kinds: indices, values }: Pick<UserSequences, 'kinds' | 'values'>,
  kinds: readonly string[],
  rules: readonly OutcomeRule[],
): Float32Array {
  return values.map((value, event) => outcomeWeight(rules, kinds[indices[event] ?? -1] ?? '', value));
}

/** What the cross entropy of each target of the windows weighs, [P]. */
export function targetWeights(
  { weights, scale }: Outcomes,
  training: Pick<UserSequences, 'offsets'>,
  windows: readonly Window[],
): Float32Array {
  return Float32Array.from(
    windows.flatMap(({ user, begin, end }) => {
      const from = training.offsets[user] ?? 0;
      return [...weights.subarray(from + begin + 1, from + end)].map((weight) => Math.max(0, weight) * scale);
    }),
  );
}

/** The pairs of the windows' targets; null where there are none. */
export function pairsOf(
  { weights, random }: Outcomes,
  training: Pick<UserSequences, 'offsets' | 'rows'>,
  windows: readonly Window[],
): Pairs | null {
  const pairs: { position: number; wanted: number; unwanted: number; weight: number }[] = [];
  let before = 0; //                                            positions of the windows before
  for (const { user, begin, end } of windows) {
    const items = sequenceOf(training, user);
    const own = weights.subarray(training.offsets[user] ?? 0);
    const above: number[] = []; //                              targets later in the window
    const below: number[] = [];
    for (let target = end - 1; target > begin; target--) {
      const weight = own[target] ?? 0;
      if (weight === 0) continue;
      const [same, others] = weight > 0 ? [above, below] : [below, above];
      same.push(target);
      if (others.length === 0) continue;
      const other = others[random.below(others.length)] ?? 0;
      const [wanted, unwanted] = weight > 0 ? [target, other] : [other, target];
      pairs.push({
        position: before + target - begin - 1,
        wanted: items[wanted] ?? 0,
        unwanted: items[unwanted] ?? 0,
        weight: Math.abs(weight * (own[other] ?? 0)),
      });
    }
    before += end - begin - 1;
  }
  if (pairs.length === 0) return null;
  return {
    positions: Int32Array.from(pairs, ({ position }) => position),
    wanted: Int32Array.from(pairs, ({ wanted }) => wanted),
    unwanted: Int32Array.from(pairs, ({ unwanted }) => unwanted),
    weights: Float32Array.from(pairs, ({ weight }) => weight),
  };
}
