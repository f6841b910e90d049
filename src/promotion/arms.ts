/**
 * Which users an experiment answers by its challenger. A user's place between 0 and 1 is a hash of the experiment's seed and the user's id,
 * so that he stays in his arm over processes and restarts, and another experiment draws anew.
 */
import { createHash } from 'node:crypto';

export function isChallenged(
  { seed, share }: { readonly seed: string; readonly share: number },
  userId: string,
): boolean {
  return placeOf(seed, userId) < share;
}

/** 0 to below 1. */
export function placeOf(seed: string, userId: string): number {
  return createHash('sha256').update(`${seed}\0${userId}`).digest().readUIntBE(0, 6) / 2 ** 48;
}
