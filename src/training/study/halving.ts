/**
 * Successive halving (Jamieson & Talwalkar, 2016; Li et al., 2017): all trials begin with a short training, and of each rung
 * the best of its trials go on to the next one, with a longer training from the start.
 *
 *   rung k of r      floor(n / eta^k) trials      max(1, round(epochs / eta^(r - 1 - k))) epochs
 *
 * A rung that has no more epochs than the one before would train the same again and is left out. Departs in two things: the
 * learning rate falls over the epochs of the rung, not over those of the last one, so that each short training is a whole
 * one; and the first trial, the recipe without a change, always has a place in the last rung, so that what is found stands
 * beside it at full length.
 */
import type { TrialResult } from '../../storage/study.entity.js';

export interface Rung {
  readonly trials: number;
  readonly epochs: number;
}

export interface Standing {
  /** from 1 */
  readonly number: number;
  readonly results: readonly TrialResult[];
}

export function rungsOf(trials: number, eta: number, epochs: number): readonly Rung[] {
  const sizes: number[] = [];
  for (let size = trials; size >= 1; size = Math.floor(size / eta)) sizes.push(size);
  const rungs = sizes.map((size, k) => ({
    trials: size,
    epochs: Math.max(1, Math.round(epochs / eta ** (sizes.length - 1 - k))),
  }));
  return rungs.filter((rung, k) => rung.epochs !== rungs[k - 1]?.epochs);
}

/** What is to be trained next; null: nothing, the study has ended. */
export function nextTraining<Trial extends Standing>(
  rungs: readonly Rung[],
  trials: readonly Trial[],
): { readonly trial: Trial; readonly rung: number } | null {
  for (const rung of rungs.keys()) {
    const trial = members(rungs, trials, rung).find((one) => resultAt(one, rung) === null);
    if (trial !== undefined) return { trial, rung };
  }
  return null;
}

/**
 * The trials of a rung, by number; the rungs before have ended. A trial that failed in it has left its place to the next
 * best.
 */
export function members<Trial extends Standing>(
  rungs: readonly Rung[],
  trials: readonly Trial[],
  rung: number,
): readonly Trial[] {
  if (rung === 0) return trials;
  const ranked = trials.filter((trial) => wasIn(trial, rung - 1) && !failedIn(trial, rung)).sort(byScoreAt(rung - 1));
  const best = ranked.slice(0, rungs[rung]?.trials);
  const isLast = rung === rungs.length - 1;
  const base = trials.filter((trial) => isLast && trial.number === 1 && !trial.results.some(isFailure));
  return [...new Set([...best, ...base])].sort(byNumber);
}

/** The best trial of the last rung; the lower number wins a tie. Null: none came to its end. */
export function winner<Trial extends Standing>(rungs: readonly Rung[], trials: readonly Trial[]): Trial | null {
  const last = rungs.length - 1;
  return trials.filter((trial) => wasIn(trial, last)).sort(byScoreAt(last))[0] ?? null;
}

export function resultAt({ results }: Standing, rung: number): TrialResult | null {
  return results.find((result) => result.rung === rung) ?? null;
}

export function isFailure(result: TrialResult): result is Extract<TrialResult, { readonly errorCode: string }> {
  return 'errorCode' in result;
}

function failedIn(trial: Standing, rung: number): boolean {
  const result = resultAt(trial, rung);
  return result !== null && isFailure(result);
}

function wasIn(trial: Standing, rung: number): boolean {
  return scoreAt(trial, rung) !== null;
}

/** NDCG@10 on validation. */
export function scoreAt(trial: Standing, rung: number): number | null {
  const result = resultAt(trial, rung);
  return result === null || isFailure(result) ? null : result.ndcgAt10;
}

function byScoreAt(rung: number): (one: Standing, other: Standing) => number {
  return (one, other) => (scoreAt(other, rung) ?? 0) - (scoreAt(one, rung) ?? 0) || byNumber(one, other);
}

function byNumber(one: Standing, other: Standing): number {
  return one.number - other.number;
}
