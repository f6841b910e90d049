/**
 * What a client sees of an error: a message and a code of the list in `errors`, never a stack or a cause.
 * What is not on that list is INTERNAL to the client and logged in full beside the request's id.
 */
import { ApolloServerErrorCode } from '@apollo/server/errors';
import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { GqlContextType } from '@nestjs/graphql';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { isRetriable, RecollectError, type ErrorCode } from '../errors.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';

interface Shown {
  readonly code: ErrorCode;
  readonly message: string;
  /** of a limit: what was asked for, and how much may be */
  readonly numbers?: { readonly found: unknown; readonly maximum: unknown };
}

/** Mistakes of the client that the GraphQL server itself finds. */
const inputCodes: ReadonlySet<unknown> = new Set([
  ApolloServerErrorCode.GRAPHQL_PARSE_FAILED,
  ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED,
  ApolloServerErrorCode.BAD_USER_INPUT,
  ApolloServerErrorCode.BAD_REQUEST,
  ApolloServerErrorCode.OPERATION_RESOLUTION_FAILURE,
  ApolloServerErrorCode.PERSISTED_QUERY_NOT_FOUND,
  ApolloServerErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
]);

/** What `graphql` gives up comparing: whether fields of one name can be one field takes time by the square of their number. */
const tooManyRepeats =
  'the document asks for the same fields too often to be looked through: ask for each of them once';

/** The innermost error: GraphQL and its server wrap what resolvers and rules report. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? causeOf(error.originalError) : error;
}

function shownOf(error: unknown): Shown {
  const cause = causeOf(error);
  if (cause instanceof RecollectError) return { code: cause.code, message: cause.message };
  if (isRetriable(cause)) {
    return { code: 'DATABASE_UNAVAILABLE', message: 'the database can not be reached now; try again' };
  }
  return { code: 'INTERNAL', message: 'internal error' };
}

export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { code, message, numbers } = graphqlShownOf(formatted, error);
  return {
    message,
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
    extensions: { code, ...numbers },
  };
}

function graphqlShownOf({ message, extensions }: GraphQLFormattedError, error: unknown): Shown {
  const cause = causeOf(error);
  if (cause instanceof GraphQLError) {
    const { code, found, maximum } = cause.extensions;
    if (code === 'LIMIT_EXCEEDED') return { code, message, numbers: { found, maximum } };
    if (/^Syntax Error: Document contains more that \d+ tokens/.test(message))
      return { code: 'LIMIT_EXCEEDED', message };
    if (message === 'Validation aborted.') return { code: 'LIMIT_EXCEEDED', message: tooManyRepeats };
    if (inputCodes.has(extensions?.code)) return { code: 'BAD_INPUT', message: withoutServerNames(message) };
  }
  return shownOf(error);
}

function withoutServerNames(message: string): string {
  return message.startsWith('GraphQL introspection is not allowed')
    ? 'introspection is switched off; the schema is in the repository'
    : message;
}

/** Whether an error has to be logged: it is not an answer to a mistake of the client. */
export function isUnexpected(error: unknown): boolean {
  const cause = causeOf(error);
  if (cause instanceof GraphQLError && cause.path === undefined) return false; // found in the document, before it was run
  if (cause instanceof RecollectError) return cause.level !== 'info'; //              a damaged memory, say
  return ['INTERNAL', 'DATABASE_UNAVAILABLE'].includes(shownOf(error).code);
}

const statuses: Partial<Record<string, ErrorCode>> = {
  400: 'BAD_INPUT',
  404: 'NOT_FOUND',
  408: 'LIMIT_EXCEEDED',
  413: 'LIMIT_EXCEEDED',
  415: 'BAD_INPUT',
  503: 'LIMIT_EXCEEDED', // the request took too long
};

const statusOfCode: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 401, KEY_EXPIRED: 401, FORBIDDEN: 403 };

/** Errors outside of GraphQL in the same shape; those of resolvers pass on to `formatError`. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType<GqlContextType>() === 'graphql') return error;
    const status = statusOf(error);
    const known = statuses[status];
    if (known === undefined && isUnexpected(error)) logError(this.logger, error, 'a request failed');
    const { code, message } = known === undefined ? shownOf(error) : { code: known, message: messageFor(error) };
    const body = { errors: [{ message, extensions: { code } }] };
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
    return undefined;
  }
}

function messageFor(error: unknown): string {
  return error instanceof Error ? error.message : 'the request was refused';
}

function statusOf(error: unknown): number {
  if (error instanceof RecollectError) return statusOfCode[error.code] ?? 500;
  if (typeof error !== 'object' || error === null) return 500;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  if (typeof status === 'number') return status;
  return typeof statusCode === 'number' ? statusCode : 500;
}
