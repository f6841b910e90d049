/**
 * The scalar ID, strict: a JSON string, or an integer that arrived exactly. JSON numbers beyond 2^53 were rounded by the parser
 * before anyone could look, so that two users could share one memory: they are refused. So are floats, 42.0 included.
 * It takes the place of GraphQL's own ID, which accepts rounded numbers.
 */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const refused = 'an id must be a string';

export const Id = new GraphQLScalarType<string, string>({
  name: 'ID',
  description: 'An opaque id, kept as given: a string, or an integer that is exact.',
  serialize: (value) => {
    if (typeof value !== 'string') throw new Error(`an id in an answer is a ${typeof value}`);
    return value;
  },
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    throw new GraphQLError(refused);
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING || node.kind === Kind.INT) return node.value;
    throw new GraphQLError(refused, { nodes: node });
  },
});
