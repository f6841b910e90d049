import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { IdTable } from './id-table.js';
import { Vocabulary } from './vocabulary.js';

describe('a vocabulary', () => {
  const vocabulary = new Vocabulary(['b', 'a', '__proto__']);

  it('numbers its items from 1 and has 0 for all others', () => {
    expect(['b', 'a', '__proto__', 'c', 'constructor'].map((id) => vocabulary.rowOf(id))).toEqual([1, 2, 3, 0, 0]);
    expect([1, 2, 3].map((row) => vocabulary.idOf(row))).toEqual(['b', 'a', '__proto__']);
    expect(vocabulary.size).toBe(3);
  });

  it('refuses a row that it does not have, and an id twice', () => {
    expect(() => vocabulary.idOf(0)).toThrow(/row 0/);
    expect(() => vocabulary.idOf(4)).toThrow(/row 4/);
    expect(() => new Vocabulary(['a', 'a'])).toThrow(/once/);
  });

  it('gives an item the number that every other vocabulary has for it, and lets go of it with the last of them', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const table = new IdTable();
    let vocabularies = [new Vocabulary(['a', 'b'], table), new Vocabulary(['c', 'b', 'a'], table)];
    expect(vocabularies.map(({ numbers }) => [...numbers])).toEqual([
      [0, 1],
      [2, 1, 0],
    ]);
    expect(vocabularies.map((one) => one.rowOf('c'))).toEqual([0, 1]);
    for (const left of [1, 0]) {
      vocabularies = vocabularies.slice(0, left);
      for (let turn = 0; turn < 50 && table.size !== 2 * left; turn++) {
        collect();
        await nextTurn();
      }
      expect(table.size).toBe(2 * left);
    }
  });
});
