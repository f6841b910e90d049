/** Prints the GraphQL schema as it is served, for `schema.graphql`. Needs no database. */
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { resolvers } from './resolvers.js';
import { describeRootTypes } from './root-types.js';

export async function createSchema(): Promise<GraphQLSchema> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  const schema = await app.get(GraphQLSchemaFactory).create(resolvers);
  await app.close();
  return describeRootTypes(lexicographicSortSchema(schema));
}

export async function printedSchema(): Promise<string> {
  return `${printSchema(await createSchema())}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(await printedSchema());
