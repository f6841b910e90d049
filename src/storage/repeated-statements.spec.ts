import { describe, expect, it } from '@jest/globals';
import { RepeatedStatements } from './repeated-statements.js';

describe('repeated statements', () => {
  it('are prepared from the second run on, each under a name of its own', () => {
    const statements = new RepeatedStatements();
    const names = ['SELECT 1', 'SELECT 2', 'SELECT 1', 'SELECT 1', 'SELECT 2'].map((text) => statements.nameOf(text));
    expect(names).toEqual([null, null, 'repeated_1', 'repeated_1', 'repeated_2']);
  });

  it('have room for a hundred', () => {
    const statements = new RepeatedStatements();
    const texts = Array.from({ length: 150 }, (_, at) => `SELECT ${at}`);
    for (const text of texts) statements.nameOf(text);
    const names = texts.map((text) => statements.nameOf(text));
    expect(new Set(names).size).toBe(101);
    expect(names.slice(99)).toEqual(['repeated_100', ...Array.from({ length: 50 }, () => null)]);
  });

  it('are prepared under another name where they have become past', () => {
    const statements = new RepeatedStatements();
    const nameAfter = (code: string) => {
      statements.failed('SELECT 1', Object.assign(new Error('x'), { code }));
      return Array.from({ length: 3 }, () => statements.nameOf('SELECT 1'));
    };
    expect(nameAfter('0A000')).toEqual([null, 'repeated_1', 'repeated_1']);
    expect(nameAfter('23505')).toEqual(['repeated_1', 'repeated_1', 'repeated_1']);
    expect(nameAfter('0A000')).toEqual([null, 'repeated_2', 'repeated_2']);
    expect(nameAfter('26000')).toEqual([null, 'repeated_3', 'repeated_3']);
  });

  it('do not gather what runs once', () => {
    const statements = new RepeatedStatements();
    statements.nameOf('SELECT now()');
    for (let at = 0; at < 1_000; at++) statements.nameOf(`SELECT ${at}`);
    expect(statements.nameOf('SELECT now()')).toBeNull(); // forgotten meanwhile
    expect(statements.nameOf('SELECT now()')).toBe('repeated_1');
  });
});
