/**
 * The scalar DateTime: ISO-8601 in and out. Inputs pass as text; what reads the field checks zone, calendar and limits, so that a
 * wrong time in one row is the verdict of that row and not the end of the request.
 */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const refused = 'a time must be a string such as "2026-05-01T10:00:00Z"';

export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An instant as ISO-8601 text. An input needs a zone: Z or an offset.',
  serialize: (value) => {
    if (!(value instanceof Date)) throw new Error(`a time in an answer is a ${typeof value}`);
    return value.toISOString();
  },
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    throw new GraphQLError(refused);
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return node.value;
    throw new GraphQLError(refused, { nodes: node });
  },
});
