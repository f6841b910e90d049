import { describe, expect, it } from '@jest/globals';
import { isChallenged } from './arms.js';

describe('the arms of an experiment', () => {
  const count = 100_000;
  const arm = (seed: string, share: number) =>
    Array.from({ length: count }, (_, user) => isChallenged({ seed, share }, `user ${user}`));
  const sizeOf = (users: readonly boolean[]) => users.filter(Boolean).length;

  it.each([0.01, 0.1, 0.5, 0.9])('have the share %d of the users', (share) => {
    const deviation = Math.sqrt(count * share * (1 - share));
    expect(Math.abs(sizeOf(arm('seed', share)) - count * share)).toBeLessThan(4 * deviation);
  });

  it('keep their users, also when the share grows', () => {
    expect(arm('seed', 0.2)).toEqual(arm('seed', 0.2));
    const larger = arm('seed', 0.3);
    expect(arm('seed', 0.2).every((isIn, user) => !isIn || larger[user])).toBe(true);
  });

  it('are drawn anew by another seed', () => {
    const [one, other] = [arm('one', 0.5), arm('other', 0.5)];
    const both = one.filter((isIn, user) => isIn && other[user]).length;
    expect(Math.abs(both - count / 4)).toBeLessThan(4 * Math.sqrt((count * 3) / 16));
  });
});
