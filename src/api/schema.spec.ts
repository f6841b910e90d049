import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { printSchema, type GraphQLSchema } from 'graphql';
import { scopeMetadata } from './access.js';
import { createSchema } from './print-schema.js';
import { resolvers } from './resolvers.js';

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
        if (typeof method === 'function') scopes.set(name, Reflect.getMetadata(scopeMetadata, method));
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

  it('says of every type, field and argument what it is', () => {
    const silent: string[] = [];
    for (const type of Object.values(schema.getTypeMap())) {
      if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
      const isRoot = [schema.getQueryType(), schema.getMutationType()].includes(type as never);
      if (!isRoot && !type.description) silent.push(type.name);
      if (isObjectType(type) || isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) {
          if (!field.description) silent.push(`${type.name}.${field.name}`);
          for (const argument of 'args' in field ? field.args : []) {
            if (!argument.description && !isInputObjectType(getNamedType(argument.type))) {
              silent.push(`${type.name}.${field.name}(${argument.name})`);
            }
          }
        }
      }
      if (isEnumType(type) && type.name !== 'TrainingPhase') {
        for (const value of type.getValues()) if (!value.description) silent.push(`${type.name}.${value.name}`);
      }
    }
    expect(silent).toEqual([]);
  });
});
