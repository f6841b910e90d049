/** The scalar JSONObject: free properties, as they are. */
import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';

type JsonObject = Readonly<Record<string, unknown>>;

const refused = 'properties must be a JSON object';

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const JSONObject = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONObject',
  description: 'A JSON object.',
  serialize: (value) => {
    if (!isObject(value)) throw new Error(`an object in an answer is a ${typeof value}`);
    return value;
  },
  parseValue: (value) => {
    if (isObject(value)) return value;
    throw new GraphQLError(refused);
  },
  parseLiteral: (node, variables) => {
    if (node.kind !== Kind.OBJECT) throw new GraphQLError(refused, { nodes: node });
    const value = valueFromASTUntyped(node, variables);
    if (isObject(value)) return value;
    throw new GraphQLError(refused, { nodes: node });
  },
});
