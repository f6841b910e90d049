/** How the GraphQL server is set up: what it refuses before a resolver runs, and what it never says. */
import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import type { FastifyRequest } from 'fastify';
import { GraphQLError, OperationTypeNode } from 'graphql';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { isRetriable, RecollectError } from '../errors.js';
import { setPatience } from '../storage/patience.js';
import { logError, type Logger } from '../telemetry.js';
import type { Access, Caller } from './access.js';
import { formatError, isUnexpected } from './error-format.js';
import { limitRule } from './limits.js';
import { checkCost } from './query-cost.js';
import { loadersOf, type RequestContext } from './request-context.js';
import { describeRootTypes } from './root-types.js';

export const graphqlPath = '/graphql';

export function graphqlOptions(
  config: Config,
  logger: Logger,
  dataSource: DataSource,
  access: Access,
): Omit<ApolloDriverConfig, 'driver'> {
  return {
    path: graphqlPath,
    autoSchemaFile: true,
    sortSchema: true,
    transformSchema: describeRootTypes,
    graphiql: false,
    introspection: config.introspection,
    hideSchemaDetailsFromClientErrors: true, //       no "Did you mean"
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    autoTransformHttpErrors: false,
    stopOnApplicationShutdown: true,
    parseOptions: { maxLexicalTokens: config.queryTokens },
    validationRules: [limitRule(config)],
    formatError,
    plugins: [...noCloud, ownSteps(config, logger)],
    logger: silent,
    context: async (request: FastifyRequest): Promise<RequestContext> => ({
      requestId: request.id,
      ...(await authenticated(access, request)),
      ...loadersOf(dataSource),
    }),
  };
}

/** What the server would do for services of its maker's and for caches that stand before it, in each request or field. */
const noCloud = [
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];

/** A request without a valid key ends here, before its document is read. */
async function authenticated(access: Access, request: FastifyRequest): Promise<Caller> {
  try {
    return await access.callerOf(request);
  } catch (error) {
    if (isRetriable(error)) {
      const originalError = error instanceof Error ? error : null;
      throw new GraphQLError('the key could not be looked up', {
        originalError,
        extensions: { http: { status: 503 } },
      });
    }
    if (!(error instanceof RecollectError)) throw error;
    const headers = new HeaderMap([['www-authenticate', 'Bearer']]);
    throw new GraphQLError(error.message, { originalError: error, extensions: { http: { status: 401, headers } } });
  }
}

/** What is done beside the server's own steps, all in one plugin: each has its price in each request. */
function ownSteps(config: Config, logger: Logger): ApolloServerPlugin<RequestContext> {
  const log = (error: unknown, requestId: string | null): void => {
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (isUnexpected(error)) logError(logger.child({ requestId }), cause, 'a request failed');
  };
  const listener = {
    didResolveOperation: async ({
      schema,
      document,
      operation,
      request,
    }: GraphQLRequestContext<RequestContext>): Promise<void> => {
      if (operation === undefined || document === undefined) return Promise.resolve();
      checkCost(config, schema, document, operation, request.variables ?? {});
      // what a mutation has begun it ends, as far as the client waits for it
      if (operation.operation === OperationTypeNode.MUTATION) setPatience(config.requestTimeoutMs);
      return Promise.resolve();
    },
    didEncounterErrors: async ({ errors, contextValue }: GraphQLRequestContext<RequestContext>): Promise<void> => {
      for (const error of errors ?? []) log(error, contextValue.requestId); // what the client is told nothing about
      return Promise.resolve();
    },
    willSendResponse: async ({ request, response }: GraphQLRequestContext<RequestContext>): Promise<void> => {
      if (takesJson(request.http?.headers.get('accept'))) response.http.headers.set('content-type', json);
      return Promise.resolve();
    },
  };
  return {
    contextCreationDidFail: async ({ error }) => {
      log(error, null);
      return Promise.resolve();
    },
    requestDidStart: async () => Promise.resolve(listener),
  };
}

const json = 'application/json; charset=utf-8';

/** Whether the answer is plain JSON without a look at the weights of types. */
function takesJson(accept: string | undefined): boolean {
  return accept === undefined || accept === '*/*' || accept === 'application/json';
}

const ignore = (): void => undefined;

/** The server's own lines could hold parts of documents; what matters is logged above. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
