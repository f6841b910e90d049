import { describe, expect, it } from '@jest/globals';
import type { Features } from '../../model/content.js';
import { Random } from '../random.js';
import { NormalEquations } from './ridge.js';

const observations: readonly (readonly [Features, readonly number[], number])[] = [
  [{ indices: [0], values: [1] }, [1, 10], 1],
  [{ indices: [0, 1], values: [1, 1] }, [3, 30], 2],
  [{ indices: [1], values: [1] }, [2, 20], 1],
];

function equationsOf(taken = observations): NormalEquations {
  const equations = new NormalEquations(2, 2);
  for (const [features, target, weight] of taken) equations.add(features, target, weight);
  return equations;
}

describe('ridge regression', () => {
  it('solves a case worked by hand, each target by itself', () => {
    // G + 1 = [[1 + 2 + 1, 2], [2, 2 + 1 + 1]], R = [1 + 2 * 3, 2 * 3 + 2] = [7, 8]; 4 w0 + 2 w1 = 7, 2 w0 + 4 w1 = 8
    const solution = equationsOf().solve([1, 1]);
    [1, 10, 1.5, 15].forEach((value, at) => {
      expect(solution[at]).toBeCloseTo(value, 12);
    });
  });

  it('forgets an observation that is taken out, and leaves the equations as they were', () => {
    const equations = equationsOf();
    const fewer = equations.copy();
    fewer.add(observations[1]?.[0] ?? { indices: [], values: [] }, [3, 30], -2);
    expect(fewer.solve([1, 1])).toEqual(equationsOf(observations.filter((_, at) => at !== 1)).solve([1, 1]));
    expect(equations.solve([1, 1])).toEqual(equationsOf().solve([1, 1]));
  });

  it('ends where no step in any direction lessens the penalised error', () => {
    const random = new Random(3);
    const size = 7;
    const drawn = Array.from({ length: 40 }, () => {
      const indices = [random.below(3), 3 + random.below(3), 6];
      const values = [random.normal(), random.normal(), 1];
      return { features: { indices, values }, target: random.normal(), weight: 0.1 + random.next() };
    });
    const penalties = Array.from({ length: size }, () => 0.1 + random.next());
    const equations = new NormalEquations(size, 1);
    for (const { features, target, weight } of drawn) equations.add(features, [target], weight);
    const solution = equations.solve(penalties);
    const lossAt = (weights: Float64Array): number => {
      const errors = drawn.map(({ features, target, weight }) => {
        const given = features.indices.reduce(
          (sum, row, at) => sum + (features.values[at] ?? 0) * (weights[row] ?? 0),
          0,
        );
        return weight * (target - given) ** 2;
      });
      return [...errors, ...penalties.map((penalty, at) => penalty * (weights[at] ?? 0) ** 2)].reduce((a, b) => a + b);
    };
    const least = lossAt(solution);
    for (let at = 0; at < size; at++) {
      for (const step of [-1e-3, 1e-3]) {
        const moved = solution.slice();
        moved[at] = (moved[at] ?? 0) + step;
        expect(lossAt(moved)).toBeGreaterThan(least);
      }
    }
  });

  it('refuses equations that have no single solution', () => {
    const equations = new NormalEquations(2, 1);
    equations.add({ indices: [0, 1], values: [1, 1] }, [1], 1);
    expect(() => equations.solve([0, 0])).toThrow(/no solution/);
    const [one = NaN, other = NaN] = equations.solve([1, 1]);
    expect([one, other]).toEqual([expect.closeTo(1 / 3, 12), expect.closeTo(1 / 3, 12)]);
  });
});
