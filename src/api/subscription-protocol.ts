/**
 * What is said over a WebSocket, by the protocol graphql-transport-ws. A connection brings its key in the parameters of
 * `connection_init`, named as the headers of a request, or in the headers of its upgrade. The key is looked up again before each value
 * that is sent: one that was revoked gets no more.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { GraphQLError, subscribe, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import { DataSource } from 'typeorm';
import type { WebSocket } from 'ws';
import { CONFIG, type Config } from '../config.js';
import { isRetriable, RecollectError } from '../errors.js';
import { withPatience } from '../storage/patience.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { Access, keyOf } from './access.js';
import { formatError, isUnexpected } from './error-format.js';
import { loadersOf, type RequestContext } from './request-context.js';
import { asMistake, readSubscription, type SubscriptionRequest } from './subscription-document.js';

/** Codes of a close frame: of the protocol, and of WebSocket itself. */
const unauthorized = 4401;
export const tryAgainLater = 1013;
/** Bytes of a reason that a close frame has room for. */
const longestReason = 123;

/** One socket. */
export interface Connection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  key: string | null;
}

interface SubscriptionContext extends RequestContext {
  readonly key: string | null;
}

type Answers = AsyncIterableIterator<ExecutionResult, void> | ExecutionResult;

@Injectable()
export class SubscriptionProtocol {
  constructor(
    private readonly schemas: GraphQLSchemaHost,
    private readonly access: Access,
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  server(): Server<Connection> {
    return makeServer<Record<string, unknown>, Connection>({
      onConnect: async ({ connectionParams, extra }) => this.admit(extra, connectionParams ?? {}),
      onSubscribe: async ({ extra, subscriptions }, _id, request) =>
        this.open(extra, Object.keys(subscriptions).length, request),
      subscribe: async (parameters) => this.answers(parameters),
      onNext: (_context, _id, _request, _parameters, { errors, data = null }) =>
        errors === undefined ? undefined : { data, errors: this.shown(errors) },
      onError: (_context, _id, _request, errors) => this.shown(errors),
    });
  }

  private async admit(connection: Connection, parameters: Readonly<Record<string, unknown>>): Promise<boolean> {
    const named = Object.entries(parameters).map(([name, value]): [string, unknown] => [name.toLowerCase(), value]);
    connection.key = keyOf(Object.fromEntries(named)) ?? keyOf(connection.request.headers);
    try {
      await withPatience(this.config.databaseTimeoutMs, async () => this.access.callerBy(connection.key));
      return true;
    } catch (error) {
      if (error instanceof RecollectError && !isRetriable(error)) {
        close(connection.socket, unauthorized, `${error.code}: ${error.message}`);
        return false;
      }
      if (!isRetriable(error)) throw error;
      close(connection.socket, tryAgainLater, 'DATABASE_UNAVAILABLE: the key could not be looked up; try again');
      return false;
    }
  }

  private async open(
    { key }: Connection,
    count: number,
    request: SubscriptionRequest,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const maximum = this.config.subscriptionsPerConnection;
    if (count > maximum) {
      const message = `the connection has ${maximum} subscriptions, which is the most that is allowed`;
      return [new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', found: count, maximum } })];
    }
    const { schema } = this.schemas;
    const read = readSubscription(this.config, schema, request);
    if ('errors' in read) return read.errors;
    try {
      const caller = await withPatience(this.config.databaseTimeoutMs, async () => this.access.callerBy(key));
      const contextValue: SubscriptionContext = {
        requestId: randomUUID(),
        ...caller,
        key,
        ...loadersOf(this.dataSource),
      };
      const { operationName, variables: variableValues } = request;
      return { schema, document: read.document, operationName, variableValues, contextValue };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return [new GraphQLError(error.message, { originalError: error })];
    }
  }

  /** The values of a subscription, each only as long as the key is good. */
  private async answers(parameters: ExecutionArgs): Promise<Answers> {
    const { key } = parameters.contextValue as SubscriptionContext;
    const patiently = async <T>(work: () => Promise<T>): Promise<T> =>
      withPatience(this.config.databaseTimeoutMs, work);
    const values = await patiently(async () => subscribe(parameters));
    if (!(Symbol.asyncIterator in values)) return values;
    const { access } = this;
    const next = async (): Promise<IteratorResult<ExecutionResult, void>> => {
      const value = await values.next();
      if (value.done === true) return value;
      try {
        await access.callerBy(key);
        return value;
      } catch (error) {
        await values.return();
        throw error;
      }
    };
    const guarded: AsyncIterableIterator<ExecutionResult, void> = {
      next: async () => patiently(next),
      return: async () => values.return(),
      throw: async (error: unknown) => values.throw(error),
      [Symbol.asyncIterator]: () => guarded,
    };
    return guarded;
  }

  private shown(errors: readonly GraphQLError[]): readonly GraphQLFormattedError[] {
    return errors.map((error) => {
      if (isUnexpected(error)) logError(this.logger, error.originalError ?? error, 'a subscription failed');
      const told = error.originalError === undefined && error.path === undefined ? asMistake(error) : error;
      return formatError(told.toJSON(), told);
    });
  }
}

/** The reason is cut to what a close frame has room for. */
export function close(socket: WebSocket, code: number, reason: string): void {
  socket.close(
    code,
    Buffer.from(reason)
      .subarray(0, longestReason)
      .toString()
      .replace(/\ufffd$/, ''),
  );
}
