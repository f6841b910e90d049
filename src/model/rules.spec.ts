import { describe, expect, it } from '@jest/globals';
import { addGains, gainOf, gainsOf, ruleOf, rulesOf } from './rules.js';

/** five rows; after row 1 come 2 and 3, after row 2 comes 3 */
const transitions = {
  offsets: Int32Array.of(0, 0, 2, 3, 3, 3),
  items: Int32Array.of(2, 3, 3),
  values: Float32Array.of(1, 0.5, 2),
};

describe('rules', () => {
  it('sum the transitions of the last items, each divided by its place', () => {
    expect(rulesOf(transitions, Int32Array.of(1, 2, 1, 0), 1)).toEqual(
      new Map([
        [2, 1 + 1 / 3],
        [3, 0.5 + 2 / 2 + 0.5 / 3],
      ]),
    );
  });

  it('count an older item by a power of its place', () => {
    expect(rulesOf(transitions, Int32Array.of(0, 2), 0.5)).toEqual(new Map([[3, 2 / Math.SQRT2]]));
    expect(rulesOf(transitions, Int32Array.of(0, 2), 0)).toEqual(new Map([[3, 2]]));
  });

  it('of one item are the same number', () => {
    const recent = Int32Array.of(1, 2, 0, 1, 2);
    const rules = rulesOf(transitions, recent, 0.4);
    expect([0, 1, 2, 3, 4].map((row) => ruleOf(transitions, recent, 0.4, row))).toEqual(
      [0, 1, 2, 3, 4].map((row) => rules.get(row) ?? 0),
    );
    expect(rules.get(3)).toBeGreaterThan(2);
  });

  it('count the place of an unknown item', () => {
    expect(rulesOf(transitions, Int32Array.of(0, 0, 2), 1)).toEqual(new Map([[3, 2 / 3]]));
  });

  it('are nothing for a user without items', () => {
    expect(rulesOf(transitions, new Int32Array(10), 1).size).toBe(0);
  });

  it('give way to repeats: what an item gains by the newest place behind the last one', () => {
    const recent = Int32Array.of(4, 1, 4, 2, 1, 0);
    const repeats = { weight: 0, scale: 1, placePower: 0.5, repeat: 6 };
    expect(gainsOf(transitions, recent, repeats)).toEqual(
      new Map([
        [1, 6 * 2 ** -0.5],
        [2, 6 * 4 ** -0.5],
      ]),
    );
    const both = { ...repeats, weight: 2 };
    const gains = gainsOf(transitions, recent, both);
    expect(gains.get(2)).toBeCloseTo(2 * Math.log1p(rulesOf(transitions, recent, 0.5).get(2) ?? NaN) + 3, 12);
    expect([0, 1, 2, 3, 4].map((row) => gainOf(transitions, recent, both, row))).toEqual(
      [0, 1, 2, 3, 4].map((row) => gains.get(row) ?? 0),
    );
  });

  it('raise the scores by the logarithm, and only where there is a rule', () => {
    const scores = Float32Array.of(1, 1, 1, 1);
    addGains(scores, gainsOf(transitions, Int32Array.of(1), { weight: 2, scale: 10, placePower: 1, repeat: 0 }));
    expect([...scores]).toEqual([1, 1 + 2 * Math.log(11), 1 + 2 * Math.log(6), 1].map(Math.fround));
  });
});
