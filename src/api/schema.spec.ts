import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
  type GraphQLSchema,
} from 'graphql';
import { scopeMetadata } from './access.js';
import { createSchema } from './print-schema.js';
import { resolvers } from './resolvers.js';

/** Where Nest keeps what kind of root field a method is. */
const rootMetadata = 'graphql:resolver_type';

describe('the schema', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await createSchema();
  });

  it('is the one in schema.graphql; `npm run schema` writes it', () => {
    const file = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');
    expect(`${printSchema(schema)}\n`).toBe(file);
  });

  it('asks for a scope at every root field', () => {
    const scopes = new Map<string, unknown>();
    for (const { prototype } of resolvers) {
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
        if (typeof method !== 'function') continue;
        const isRoot = ['Query', 'Mutation', 'Subscription'].includes(
          String(Reflect.getMetadata(rootMetadata, method)),
        );
        if (isRoot) scopes.set(name, Reflect.getMetadata(scopeMetadata, method));
      }
    }
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}));
    expect(fields).toContain('recommendations');
    const open = fields.filter(
      (field) => !['reader', 'writer', 'operator', 'privacy'].includes(String(scopes.get(field))),
    );
    expect(open).toEqual([]);
  });

  it('lets a mutation that fails take nothing from the results of those beside it, so none of them has to be there', () => {
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    expect(mutations.length).toBeGreaterThan(5);
    expect(mutations.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([]);
  });

  it('says of every type, field, argument and value what it is', () => {
    const silent: string[] = [];
    const listen = (name: string, description: string | null | undefined): void => {
      if (description === null || description === undefined || description === '') silent.push(name);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
      listen(type.name, type.description);
      if (isEnumType(type)) {
        for (const value of type.getValues()) listen(`${type.name}.${value.name}`, value.description);
      }
      if (isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) listen(`${type.name}.${field.name}`, field.description);
      }
      if (isObjectType(type)) {
        for (const field of Object.values(type.getFields())) {
          listen(`${type.name}.${field.name}`, field.description);
          for (const { name, description } of field.args) listen(`${type.name}.${field.name}(${name})`, description);
        }
      }
    }
    expect(silent).toEqual([]);
  });
});
