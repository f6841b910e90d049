import { describe, expect, it } from '@jest/globals';
import { bootstrap } from './interval.js';

describe('bootstrap', () => {
  it('is as wide as the normal approximation says for many users', () => {
    const values = Float64Array.from({ length: 2_000 }, (_, at) => (at % 4 === 0 ? 1 : 0));
    const [low, high] = bootstrap(values, 1);
    const half = 1.96 * Math.sqrt((0.25 * 0.75) / 2_000);
    expect(Math.abs(low - (0.25 - half))).toBeLessThan(0.003);
    expect(Math.abs(high - (0.25 + half))).toBeLessThan(0.003);
  });

  it('is a point where all users are alike, and nothing for nobody', () => {
    expect(bootstrap(Float64Array.of(0.5, 0.5, 0.5), 1)).toEqual([0.5, 0.5]);
    expect(bootstrap(new Float64Array(), 1)).toEqual([0, 0]);
  });

  it('comes out the same for the same seed', () => {
    const values = Float64Array.from({ length: 50 }, (_, at) => at / 50);
    expect(bootstrap(values, 3)).toEqual(bootstrap(values, 3));
    expect(bootstrap(values, 3)).not.toEqual(bootstrap(values, 4));
  });
});
