import { describe, expect, it } from '@jest/globals';
import { RecollectError } from '../errors.js';
import { outcomeText, outcomeWeight, parseOutcomes } from './outcome.js';

describe('parseOutcomes', () => {
  it('reads kinds with and without a bound on the value, whatever the spaces, and none out of an empty text', () => {
    expect(parseOutcomes('purchase=3, rating >= 4 = 1.5,rating<=-2=-1, video watched=0')).toEqual([
      { kind: 'purchase', weight: 3 },
      { kind: 'rating', atLeast: 4, weight: 1.5 },
      { kind: 'rating', atMost: -2, weight: -1 },
      { kind: 'video watched', weight: 0 },
    ]);
    expect(parseOutcomes(' ')).toEqual([]);
  });

  it('is undone by outcomeText', () => {
    const text = 'purchase=3,rating>=4=1.5,rating<=-2=-1';
    expect(parseOutcomes(text).map(outcomeText).join(',')).toBe(text);
  });

  it.each([
    ['like', 'rule 1, "like", is not kind=weight, kind>=value=weight or kind<=value=weight, such as rating>=4=1.5'],
    ['like=2,,view=1', 'rule 2, "", is not kind=weight'],
    ['like=2,rating>4=1', 'rule 2, "rating>4=1", is not kind=weight'],
    ['like=many', 'rule 1, "like=many", is not kind=weight'],
    ['like=1e1', 'rule 1, "like=1e1", is not kind=weight'],
    ['like=11', 'rule 1, "like=11", weighs 11: give a weight of -10 to 10'],
    [
      'rating>=3=1,rating>=4=2',
      'rule 2, "rating>=4=2", never fits, rule 1 comes first: put the narrower one before it',
    ],
    ['rating=1,view=1,rating<=2=-1', 'rule 3, "rating<=2=-1", never fits, rule 1 comes first'],
  ])('refuses %s and says which rule, why and what to do', (text, message) => {
    const parse = () => parseOutcomes(text);
    expect(parse).toThrow(RecollectError);
    expect(parse).toThrow(message);
  });
});

describe('outcomeWeight', () => {
  const rules = parseOutcomes('rating>=4=2,rating<=2=-1,rating=0.5,like=3,skip=0');

  it.each([
    ['rating', 4, 2],
    ['rating', 3.5, 0.5],
    ['rating', 2, -1],
    ['rating', Number.NaN, 0.5],
    ['like', Number.NaN, 3],
    ['like', 1, 3],
    ['skip', Number.NaN, 0],
    ['view', 5, 1],
  ])('of %s with the value %d is %d', (kind, value, weight) => {
    expect(outcomeWeight(rules, kind, value)).toBe(weight);
  });
});
