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

it('has what a map has, whatever texts come, go and come back under other numbers', () => {
  const draw = drawer(7);
  const table = new IdTable();
  const known = new Map<string, number>();
  const free: number[] = [];
  const text = (n: number): string => `${['', 'ä', '語', '😀'][n % 4] ?? ''}${`item-${n}`.repeat(1 + (n % 5))}`;
  for (let turn = 0; turn < 30_000; turn++) {
    const one = text(draw(2_000));
    const number = known.get(one);
    expect(table.numberOf(one)).toBe(number ?? -1);
    if (number === undefined) {
      const given = free.pop() ?? known.size;
      table.put(one, given);
      known.set(one, given);
    } else if (draw(3) > 0) {
      table.remove(number);
      known.delete(one);
      free.push(number);
    }
  }
  expect(table.size).toBe(known.size);
  for (const [one, number] of known) {
    expect(table.numberOf(one)).toBe(number);
    expect(table.textOf(number)).toBe(one);
    expect(table.has(number)).toBe(true);
  }
  expect([...table.numbers()]).toEqual([...known.values()].sort((a, b) => a - b));
  for (const number of free) expect([table.has(number), table.textOf(number)]).toEqual([false, '']);
});

it('holds the empty text, and refuses one that is longer than an id can be', () => {
  const table = new IdTable();
  table.put('', 3);
  expect([table.numberOf(''), table.has(3), table.has(2)]).toEqual([3, true, false]);
  expect(() => {
    table.put('x'.repeat(70_000), 4);
  }).toThrow(/too long/);
});
