/** The scalar Scalar: what a property of an item is compared with. A text is no number: "9" and 9 differ. */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import type { Scalar } from '../recommend/filter/item-filter.js';

const refused = 'a property is compared with a string, a finite number or a boolean';

export const ScalarValue = new GraphQLScalarType<Scalar, Scalar>({
  name: 'Scalar',
  description: 'A string, a finite number or a boolean. The text "9" is not the number 9.',
  serialize: (value) => asScalar(value),
  parseValue: asScalar,
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING || node.kind === Kind.BOOLEAN) return node.value;
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return asScalar(Number(node.value));
    throw new GraphQLError(refused, { nodes: node });
  },
});

function asScalar(value: unknown): Scalar {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new GraphQLError(refused);
}
