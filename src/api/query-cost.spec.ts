import { beforeAll, describe, expect, it } from '@jest/globals';
import { getOperationAST, parse, type GraphQLSchema } from 'graphql';
import { createSchema } from './print-schema.js';
import { becauseCost, checkCost, costOf, replayCost } from './query-cost.js';

describe('the cost of an operation', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await createSchema();
  });
  const cost = (text: string, variables: Readonly<Record<string, unknown>> = {}): number => {
    const document = parse(text);
    const operation = getOperationAST(document);
    if (operation === null || operation === undefined) throw new Error('there is no operation in the text');
    return costOf(schema, document, operation, variables);
  };
  const page = (first: string) => `user(id: "u") { interactions${first} { edges { node { id item { title } } } } }`;
  /** user and interactions; edges; so often node, id, item and title */
  const pageCost = (rows: number) => 2 + 1 + rows * 4;

  it('is a field for each time that it is asked for', () => {
    expect(cost('{ liveModel { version } user(id: "u") { id properties } }')).toBe(5);
  });

  it('counts the rows of a list as its `first` says: written, by a variable, by a default', () => {
    expect(cost(`{ ${page('(first: 7)')} }`)).toBe(pageCost(7));
    expect(cost(`{ ${page('')} }`)).toBe(pageCost(20));
    expect(cost(`query($n: Int!) { ${page('(first: $n)')} }`, { n: 9 })).toBe(pageCost(9));
    expect(cost(`query($n: Int = 8) { ${page('(first: $n)')} }`)).toBe(pageCost(8));
    const items = 'items { rank item { id } }';
    expect(cost(`{ popularItems { ${items} } }`)).toBe(2 + 10 * 3);
    expect(cost(`{ popularItems(input: { first: 50 }) { ${items} } }`)).toBe(2 + 50 * 3);
    const asked = `query($input: RecommendationsInput!) { recommendations(input: $input) { ${items} } }`;
    expect(cost(asked, { input: { userId: 'u', first: 30 } })).toBe(2 + 30 * 3);
    expect(cost(asked, { input: { userId: 'u' } })).toBe(2 + 10 * 3);
  });

  it('is counted once for a document whose variables say nothing of it, and each time where they do', () => {
    const twice = (text: string, ...variables: readonly Readonly<Record<string, unknown>>[]): readonly number[] => {
      const document = parse(text);
      const operation = getOperationAST(document);
      if (operation === null || operation === undefined) throw new Error('there is no operation in the text');
      return variables.map((given) => costOf(schema, document, operation, given));
    };
    const input = 'query($u: ID!, $n: Int) { recommendations(input: { userId: $u, first: 30 }) { items { rank } } }';
    expect(twice(input, { u: 'a' }, { u: 'b', n: 50 })).toEqual([32, 32]);
    const byVariable =
      'query($u: ID!, $n: Int) { recommendations(input: { userId: $u, first: $n }) { items { rank } } }';
    expect(twice(byVariable, { u: 'a', n: 5 }, { u: 'a', n: 50 }, {})).toEqual([7, 52, 12]);
    const whole = 'query($ids: [ID!]!) { rankItems(input: { itemIds: $ids }) { items { rank } } }';
    expect(twice(whole, { ids: ['a'] }, { ids: ['a', 'b', 'c'] })).toEqual([3, 5]);
  });

  it('counts as many items as are given to be ordered', () => {
    const rank = (itemIds: string) =>
      `query($ids: [ID!]!) { rankItems(input: { itemIds: ${itemIds} }) { items { rank } } }`;
    expect(cost(rank('["a", "b", "c"]'))).toBe(2 + 3);
    expect(cost(rank('$ids'), { ids: Array.from({ length: 500 }, String) })).toBe(2 + 500);
    const whole = 'query($input: RankItemsInput!) { rankItems(input: $input) { items { rank } } }';
    expect(cost(whole, { input: { itemIds: ['a', 'b'] } })).toBe(2 + 2);
  });

  it('bounds a `first` that the resolver refuses, so that the resolver says so', () => {
    for (const [first, rows] of [
      ['1000000000', 100],
      ['0', 1],
      ['-1', 1],
    ] as const) {
      expect(cost(`{ ${page(`(first: ${first})`)} }`)).toBe(pageCost(rows));
    }
  });

  it('multiplies list in list, and adds a replay once for all of them', () => {
    const because = 'because(first: 5) { id item { id } }';
    const text = (first: number) => `{ popularItems(input: { first: ${first} }) { items { rank ${because} } } }`;
    expect(cost(text(1))).toBe(becauseCost + 2 + 1 * (2 + 5 * 3));
    expect(cost(text(40))).toBe(becauseCost + 2 + 40 * (2 + 5 * 3));
    const twice = '{ a: memoryProfile(userId: "u") { updatedAt } b: memoryProfile(userId: "v") { updatedAt } }';
    expect(cost(twice)).toBe(2 * (replayCost + 2));
  });

  it('counts fragments where they are spread, once in a selection, and is told at once of fragments within fragments', () => {
    expect(cost('{ user(id: "u") { ...a ...a ... on User { id } } } fragment a on User { id properties }')).toBe(4);
    const nested = Array.from({ length: 60 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} } `);
    expect(cost(`{ ...f0 } ${nested.join('')} fragment f60 on Query { liveModel { version } }`)).toBe(2);
  });

  it('is refused above the limit, with both numbers', () => {
    const document = parse(`{ ${page('(first: 100)')} }`);
    const operation = getOperationAST(document);
    if (operation === null || operation === undefined) throw new Error('there is no operation in the text');
    const check = (queryCost: number) => () => {
      checkCost({ queryCost }, schema, document, operation, {});
    };
    expect(check(pageCost(100))).not.toThrow();
    expect(check(pageCost(100) - 1)).toThrow(`costs ${pageCost(100)}; at most ${pageCost(100) - 1} is allowed`);
  });
});
