import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse, specifiedRules, validate, type GraphQLError, type GraphQLSchema } from 'graphql';
import { readConfig } from '../config.js';
import { limitRule } from './limits.js';
import { createSchema } from './print-schema.js';

/** Of the process, whoever else is busy. Here all takes twice as long as where it serves, which is at most 9 ms by a warm process. */
const mostMs = 40;

const times = (count: number, text: string): string =>
  Array.from({ length: count }, (_, n) => text.replaceAll('#', String(n))).join(' ');

/** Whose fields all have to be compared with each other, on their own, by their parts, and by their fragments. */
const repeating: Readonly<Record<string, (count: number) => string>> = {
  fields: (n) => `{ user(id: "u") { ${times(n, 'id')} } }`,
  'fields with arguments': (n) =>
    `{ user(id: "u") { ${times(n, 'interactions(first: 3) { pageInfo { endCursor } }')} } }`,
  'fields of two levels': (n) => `{ user(id: "u") { ${times(n, 'memory { slots { weight } }')} } }`,
  'fields of four levels': (n) =>
    `{ user(id: "u") { ${times(n, 'memory { slots { interactions { item { id } } } }')} } }`,
  'as many of each level': (n) => {
    const each = Math.ceil(Math.sqrt(n));
    return `{ user(id: "u") { ${times(each, `interactions { ${times(each, 'edges { cursor }')} }`)} } }`;
  },
  'few of the first level': (n) =>
    `{ user(id: "u") { ${times(8, `interactions { ${times(n, 'edges { cursor }')} }`)} } }`,
  fragments: (n) => `{ user(id: "u") { ${times(n, '...f#')} } } ${times(n, 'fragment f# on User { id id id }')}`,
  'fragments in fragments': (n) =>
    `{ user(id: "u") { ...f0 ...f1 } } ${Array.from({ length: n }, (_, at) => `fragment f${at} on User { id ${at + 2 < n ? `...f${at + 1} ...f${at + 2}` : ''} }`).join(' ')}`,
  'inline fragments': (n) => `{ user(id: "u") { ${times(n, '... { id }')} } }`,
  'root fields': (n) => `{ ${times(n, 'user(id: "u") { id }')} }`,
  'unknown fields': (n) => `{ user(id: "u") { ${times(n, 'field#')} } }`,
  operations: (n) => `${times(n, 'query q# { ...f0 }')} ${times(n, 'fragment f# on Query { liveModel { version } }')}`,
};

describe('a document of as many tokens as are allowed', () => {
  const { queryTokens: maxTokens, queryDepth, queryAliases } = readConfig({});
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await createSchema();
  });

  const look = (document: string): readonly GraphQLError[] =>
    validate(schema, parse(document, { maxTokens }), [...specifiedRules, limitRule({ queryDepth, queryAliases })]);

  it.each(Object.entries(repeating))(`is looked through in less than ${mostMs} ms where it repeats %s`, (_, make) => {
    let count = 1;
    for (let step = 512; step >= 1; step /= 2) {
      try {
        parse(make(count + step), { maxTokens });
        count += step;
      } catch {
        continue; // too long
      }
    }
    const document = make(count);
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 20; run++) {
      const before = process.cpuUsage();
      look(document);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1_000);
    }
    expect(least).toBeLessThan(mostMs);
  });

  it('is given up where it asks for one field again and again', () => {
    expect(look(`{ user(id: "u") { ${times(985, 'id')} } }`).map(({ message }) => message)).toEqual([
      'Validation aborted.',
    ]);
  });
});
