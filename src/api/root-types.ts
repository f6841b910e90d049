/** What the root types are for: they are made of the resolvers and could not say it themselves. */
import type { GraphQLObjectType, GraphQLSchema } from 'graphql';

export function describeRootTypes(schema: GraphQLSchema): GraphQLSchema {
  describe(schema.getQueryType(), 'What can be asked. Nothing is changed by it, and no memory is written.');
  describe(
    schema.getMutationType(),
    'What can be done. The mutations of one request run in order; one that fails is null and takes nothing from the results of the others.',
  );
  describe(schema.getSubscriptionType(), 'What can be followed, over WebSocket by the protocol graphql-transport-ws.');
  return schema;
}

function describe(type: GraphQLObjectType | null | undefined, description: string): void {
  if (type) type.description = description;
}
