import { describe, expect, it } from '@jest/globals';
import type { Interaction } from '../model/interaction.js';
import { ContentIds } from './content-id.js';

const row: Interaction = {
  id: 'file:',
  userId: 'u',
  sessionId: null,
  itemId: 'a',
  kind: 'view',
  value: null,
  occurredAt: 1_777_629_600_000,
  recommendationId: null,
  properties: { page: 'home', at: { x: 1, y: [2, 1] } },
};

const idsOf = (rows: readonly Interaction[]): readonly string[] => {
  const ids = new ContentIds();
  return rows.map((one) => ids.next(one));
};

describe('the id of a row without one', () => {
  it('stays what it is for good: logs hold it', () => {
    expect(idsOf([row])).toEqual(['file:128e6a45745abbcdddd8ea678c58a063']);
  });

  it('tells equal rows apart by their number, whatever stands between them', () => {
    const other = { ...row, itemId: 'b' };
    const [first, second, third] = idsOf([row, row, row]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(idsOf([other, row, other, row])).toEqual([...idsOf([other]), first, idsOf([other, other])[1], second]);
  });

  it('does not depend on the order of the names in the properties', () => {
    expect(idsOf([{ ...row, properties: { at: { y: [2, 1], x: 1 }, page: 'home' } }])).toEqual(idsOf([row]));
    expect(idsOf([{ ...row, properties: { page: 'home', at: { x: 1, y: [1, 2] } } }])).not.toEqual(idsOf([row]));
  });

  it.each<Partial<Interaction>>([
    { userId: 'v' },
    { sessionId: 's' },
    { itemId: 'b' },
    { kind: 'click' },
    { value: 0 },
    { occurredAt: 1_777_629_600_001 },
    { recommendationId: 'r' },
    { properties: null },
  ])('is another one for another %j', (change) => {
    expect(idsOf([{ ...row, ...change }])).not.toEqual(idsOf([row]));
  });
});
