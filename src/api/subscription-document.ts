/** The document of a subscription, held to what HTTP requests are held to: `graphql-options` has the same limits for those. */
import { ApolloServerErrorCode } from '@apollo/server/errors';
import {
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import type { Config } from '../config.js';
import { limitRule } from './limits.js';
import { checkCost } from './query-cost.js';

export interface SubscriptionRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Why it is refused, if it is. */
export type Read = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

export function readSubscription(config: Config, schema: GraphQLSchema, request: SubscriptionRequest): Read {
  try {
    const document = parse(request.query, { maxTokens: config.queryTokens });
    const introspection = config.introspection ? [] : [NoSchemaIntrospectionCustomRule];
    const rules = [...specifiedRules, ...introspection, limitRule(config)];
    const errors = validate(schema, document, rules, { hideSuggestions: true });
    if (errors.length > 0) return { errors: errors.map(asMistake) };
    const operation = getOperationAST(document, request.operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      throw new GraphQLError('the document has no subscription of this name: queries and mutations go over HTTP');
    }
    checkCost(config, schema, document, operation, request.variables ?? {});
    return { document };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { errors: [asMistake(error)] };
  }
}

/** An error of the client, where it says nothing else of itself. */
export function asMistake(error: GraphQLError): GraphQLError {
  const { message, nodes = null, source = null, positions = null, extensions } = error;
  const mistake = { code: ApolloServerErrorCode.BAD_USER_INPUT, ...extensions };
  return new GraphQLError(message, { nodes, source, positions, extensions: mistake });
}
