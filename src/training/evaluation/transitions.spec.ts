import { describe, expect, it } from '@jest/globals';
import { countTransitions, allRulesAfter } from './transitions.js';

/** Two users: 1 2 3 1 2 and 2 3. */
const training = { offsets: Int32Array.of(0, 5, 7), rows: Int32Array.of(1, 2, 3, 1, 2, 2, 3) };

function row(table: ReturnType<typeof countTransitions>, item: number): [number, number][] {
  const found: [number, number][] = [];
  for (let at = table.offsets[item] ?? 0; at < (table.offsets[item + 1] ?? 0); at++) {
    found.push([table.items[at] ?? 0, table.values[at] ?? 0]);
  }
  return found;
}

describe('countTransitions', () => {
  it('adds 1 / gap for each pair of a user, over the root of the first one’s frequency, strongest first', () => {
    const table = countTransitions(training, 3, { gap: 3, limit: 10 });
    // 1 at 0: 2 (gap 1), 3 (2), 1 (3); 1 at 3: 2 (1)
    expect(row(table, 1)).toEqual([
      [2, expect.closeTo(2 / Math.SQRT2, 6)],
      [3, expect.closeTo(0.5 / Math.SQRT2, 6)],
      [1, expect.closeTo(1 / 3 / Math.SQRT2, 6)],
    ]);
    // 2 at 1: 3 (1), 1 (2), 2 (3); the other user's 2: 3 (1); 2 at 4 is the last of its user
    expect(row(table, 2)).toEqual([
      [3, expect.closeTo(2 / Math.sqrt(3), 6)],
      [1, expect.closeTo(0.5 / Math.sqrt(3), 6)],
      [2, expect.closeTo(1 / 3 / Math.sqrt(3), 6)],
    ]);
  });

  it('counts only neighbours at a gap of 1', () => {
    expect(row(countTransitions(training, 3, { gap: 1, limit: 10 }), 3)).toEqual([
      [1, expect.closeTo(1 / Math.SQRT2, 6)],
    ]);
  });

  it('counts pairs in the other direction too where that is wanted', () => {
    const table = countTransitions(training, 3, { gap: 1, limit: 10, backward: 0.5 });
    // 2 at 1: 3 (1), back 1 (.5); the other user's 2: 3 (1); 2 at 4: back 1 (.5), and nothing from the user before
    expect(row(table, 2)).toEqual([
      [3, expect.closeTo(2 / Math.sqrt(3), 6)],
      [1, expect.closeTo(1 / Math.sqrt(3), 6)],
    ]);
  });

  it('weighs a pair by powers of its gap and of how often the second one occurs', () => {
    const table = countTransitions(training, 3, { gap: 3, limit: 10, gapPower: 0.5, targetPower: 0.25 });
    // 1 at 0: 2 (gap 1), 3 (2), 1 (3); 1 at 3: 2 (1); 2 occurs three times, 1 and 3 twice
    expect(row(table, 1)).toEqual([
      [2, expect.closeTo(2 / Math.SQRT2 / 3 ** 0.25, 6)],
      [3, expect.closeTo(Math.SQRT1_2 / Math.SQRT2 / 2 ** 0.25, 6)],
      [1, expect.closeTo(1 / Math.sqrt(3) / Math.SQRT2 / 2 ** 0.25, 6)],
    ]);
  });

  it('keeps the strongest of each row', () => {
    const table = countTransitions(training, 3, { gap: 3, limit: 10 });
    const strongest = countTransitions(training, 3, { gap: 3, limit: 1 });
    for (const item of [1, 2, 3]) expect(row(strongest, item)).toEqual(row(table, item).slice(0, 1));
  });
});

describe('allRulesAfter', () => {
  it('adds the transitions of the last items, older ones less', () => {
    const table = countTransitions(training, 3, { gap: 1, limit: 10 });
    const rules = allRulesAfter(table, Int32Array.of(3, 1)); // 1 is the newest
    expect(rules[2]).toBeCloseTo(2 / Math.SQRT2, 6);
    expect(rules[1]).toBeCloseTo(1 / Math.SQRT2 / 2, 6);
  });

  it('lets older items count more at a smaller power of their place', () => {
    const table = countTransitions(training, 3, { gap: 1, limit: 10 });
    const rules = allRulesAfter(table, Int32Array.of(3, 1), { placePower: 0.5 });
    expect(rules[1]).toBeCloseTo(1 / Math.SQRT2 / Math.SQRT2, 6);
  });

  it('skips items that the model does not know, which keep their place', () => {
    const table = countTransitions(training, 3, { gap: 1, limit: 10 });
    expect(allRulesAfter(table, Int32Array.of(3, 0))[1]).toBeCloseTo(1 / Math.SQRT2 / 2, 6);
  });

  it('looks no further back than the last ten', () => {
    const table = countTransitions(training, 3, { gap: 1, limit: 10 });
    expect(allRulesAfter(table, Int32Array.of(3, ...new Array<number>(9).fill(0)))[1]).toBeGreaterThan(0);
    expect(allRulesAfter(table, Int32Array.of(3, ...new Array<number>(10).fill(0)))[1]).toBe(0);
  });
});
