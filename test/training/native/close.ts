/** Numbers of the graph beside those that they should be, within a share of the largest one. */
import assert from 'node:assert/strict';

export function close(mine: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(mine.length, theirs.length, `size of ${what}`);
  const all = Array.from(theirs);
  const largest = all.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
  all.forEach((number, index) => {
    const found = mine[index] ?? Number.NaN;
    assert.ok(Math.abs(found - number) <= tolerance * largest, `${what}[${index}] is ${found}, should be ${number}`);
  });
}
