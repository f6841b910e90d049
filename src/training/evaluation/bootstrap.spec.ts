import { describe, expect, it } from '@jest/globals';
import { estimates } from './bootstrap.js';
import { Random } from '../random.js';

const random = new Random(8);
const hits = Float64Array.from({ length: 400 }, () => (random.next() < 0.3 ? 1 : 0));
const eachHisOwn = Int32Array.from(hits.keys());

describe('the bootstrap over users', () => {
  it('spans what the normal approximation spans for many users with one case each', () => {
    const [estimate] = estimates([hits], eachHisOwn, 1);
    const value = hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
    const margin = 1.96 * Math.sqrt((value * (1 - value)) / hits.length);
    expect(estimate?.value).toBeCloseTo(value, 12);
    expect(Math.abs((estimate?.low ?? 0) - (value - margin))).toBeLessThan(0.01);
    expect(Math.abs((estimate?.high ?? 0) - (value + margin))).toBeLessThan(0.01);
  });

  it('is wider when the same cases are of fewer users that hit or miss throughout', () => {
    const gains = Float64Array.from({ length: 400 }, (_, at) => (Math.floor(at / 40) % 3 === 0 ? 1 : 0));
    const width = (users: Int32Array) => {
      const [estimate] = estimates([gains], users, 1);
      return (estimate?.high ?? 0) - (estimate?.low ?? 0);
    };
    expect(width(eachHisOwn.map((at) => Math.floor(at / 40)))).toBeGreaterThan(3 * width(eachHisOwn));
  });

  it('weighs a user by the number of cases', () => {
    const [estimate] = estimates([Float64Array.of(1, 1, 1, 0)], Int32Array.of(7, 7, 7, 3), 1);
    expect(estimate).toEqual({ value: 0.75, low: 0, high: 1 }); // a resample has the one user, the other, or both
  });

  it('has no width for one user, and comes out as zero without any', () => {
    expect(estimates([Float64Array.of(1, 0)], Int32Array.of(4, 4), 1)).toEqual([{ value: 0.5, low: 0.5, high: 0.5 }]);
    expect(estimates([new Float64Array()], new Int32Array(), 1)).toEqual([{ value: 0, low: 0, high: 0 }]);
  });

  it('comes out the same for the same seed and asks the same users of every column', () => {
    const columns = [hits, hits.map((hit) => hit / 2)];
    const [whole, half] = estimates(columns, eachHisOwn, 3);
    expect(estimates(columns, eachHisOwn, 3)).toEqual([whole, half]);
    expect(half?.low).toBeCloseTo((whole?.low ?? 0) / 2, 12);
    expect(estimates(columns, eachHisOwn, 4)).not.toEqual([whole, half]);
  });
});
