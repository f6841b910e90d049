/** The network against the numbers of an independent implementation, event by event; see `test/golden`. */
import { describe, expect, it } from '@jest/globals';
import { checkpointOf, flat, readFixture } from '../../test/golden/reference.js';
import type { Nested } from '../../test/golden/reference.js';
import { Network } from './network.js';
import { emptyState } from './user-state.js';

/** The largest distance between two lists of numbers of one length. */
function distance(a: Iterable<number>, b: readonly number[]): number {
  const numbers = [...a];
  expect(numbers).toHaveLength(b.length);
  return numbers.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))), 0);
}

describe.each(['network-d8-s4.json', 'network-d8-s2-l2.json', 'network-d8-s4-h2.json'] as const)(
  'the network of %s',
  (name) => {
    const fixture = readFixture(name);

    it('has the state, query vector and scores of the reference after every event, within 1e-4, when it does not round', () => {
      const exact = new Network(checkpointOf(fixture), { round: false });
      const states = fixture.sequences.map(() => emptyState(exact.dimensions));
      fixture.steps.forEach((step, t) => {
        exact.step(
          states,
          Int32Array.from(fixture.sequences, (rows) => rows[t] ?? NaN),
        );
        states.forEach((state, user) => {
          const numbers = [
            ...step.h.flatMap((block) => block[user] ?? []),
            ...slot(step.K, user),
            ...slot(step.V, user),
          ];
          expect(distance(state.numbers, numbers)).toBeLessThan(1e-4);
          expect(distance(exact.query(state), step.u[user] ?? [])).toBeLessThan(1e-4);
          expect(distance(exact.scores(state), step.scores[user] ?? [])).toBeLessThan(1e-4);
        });
      });
    });

    it('moves the query vector by less than 2e-2 when it rounds to halves, but does round', () => {
      const rounding = new Network(checkpointOf(fixture));
      fixture.sequences.forEach((rows, user) => {
        const { state } = rounding.trace(rows);
        const off = distance(rounding.query(state), fixture.steps.at(-1)?.u[user] ?? []);
        expect(off).toBeLessThan(2e-2);
        expect(off).toBeGreaterThan(1e-6);
      });
    });

    function slot(nested: Nested, user: number): number[] {
      const numbers = flat(nested);
      const size = numbers.length / fixture.sequences.length;
      return numbers.slice(user * size, (user + 1) * size);
    }
  },
);

it.each([
  'network-training-d8-s4.json', // with item attributes
  'network-training-d8-s4-h2.json', // with two heads, vectors of kinds and of gaps besides
] as const)('gives every next item the loss that the reference of %s trains with', (name) => {
  const fixture = readFixture(name);
  const exact = new Network(checkpointOf(fixture), { round: false });
  const losses = fixture.sequences.map((rows, user) => {
    const state = emptyState(exact.dimensions);
    return rows.slice(0, -1).map((row, t) => {
      exact.stepTraced(state, row, fixture.kinds?.[user]?.[t], fixture.gaps?.[user]?.[t]);
      const scores = exact.scores(state);
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      return Math.log(total) - (scores[(rows[t + 1] ?? NaN) - 1] ?? NaN);
    });
  });
  expect(distance(losses.flat(), fixture.losses.flat())).toBeLessThan(1e-4);
});
