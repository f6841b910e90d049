import { expect, it } from '@jest/globals';
import { IdTable } from './id-table.js';

/** Numbers that repeat for the same seed, 0 .. below. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

it('has what a map has, whatever texts come, go and come back', () => {
  const draw = drawer(7);
  const table = new IdTable();
  const known = new Map<string, { readonly number: number; holds: number }>();
  const text = (n: number): string => `${['', 'ä', '語', '😀'][n % 4] ?? ''}${`item-${n}`.repeat(1 + (n % 5))}`;
  for (let turn = 0; turn < 40_000; turn++) {
    const one = text(draw(2_000));
    const own = known.get(one);
    expect(table.numberOf(one)).toBe(own?.number ?? -1);
    if (own === undefined) {
      const number = table.hold(one);
      expect([...known.values()].some((other) => other.number === number)).toBe(false);
      known.set(one, { number, holds: 1 });
    } else if (draw(3) === 0) {
      expect(table.hold(one)).toBe(own.number);
      own.holds += 1;
    } else {
      table.release(own.number);
      own.holds -= 1;
      if (own.holds > 0) continue;
      known.delete(one);
      expect([table.has(own.number), table.textOf(own.number)]).toEqual([false, '']);
    }
  }
  expect(table.size).toBe(known.size);
  expect(table.end).toBeLessThanOrEqual(2_000);
  for (const [one, { number }] of known) {
    expect(table.numberOf(one)).toBe(number);
    expect(table.textOf(number)).toBe(one);
    expect(table.has(number)).toBe(true);
  }
});

it('holds the empty text, and refuses one that is longer than an id can be', () => {
  const table = new IdTable();
  const number = table.hold('');
  expect([table.numberOf(''), table.has(number), table.has(number + 1)]).toEqual([number, true, false]);
  expect(() => table.hold('x'.repeat(70_000))).toThrow(/too long/);
  expect(table.size).toBe(1);
  table.release(number);
  expect(() => {
    table.release(number);
  }).toThrow(/nobody holds/);
});
