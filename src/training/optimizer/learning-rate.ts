/**
 * The rate of Adam's step: up in a line over the first epoch, from there down in a line to 2 % at the end of the last
 * one.
 */
import type { Hyperparameters } from '../hyperparameters.js';

/** `done` steps are over; `steps` make an epoch. */
export function learningRateAt(
  { learningRate, epochs }: Pick<Hyperparameters, 'learningRate' | 'epochs'>,
  done: number,
  steps: number,
): number {
  return learningRate * Math.min(1, (done + 1) / steps) * Math.max(0.02, 1 - done / (steps * epochs));
}
