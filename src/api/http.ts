/** The HTTP server under GraphQL and health: limits, headers, request ids. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.js';
import { withPatience } from '../storage/patience.js';
import { endAfter } from './answer-time.js';

export function httpAdapter(
  config: Pick<Config, 'bodyLimitBytes' | 'requestTimeoutMs' | 'databaseTimeoutMs'>,
): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs, //       for the request to arrive
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    frameworkErrors: ({ message, statusCode = 400 }: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      void reply.code(statusCode).send({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] });
    },
  });
  adapter.getInstance().addHook('preClose', (done: () => void) => {
    closeWhenIdle(adapter.getInstance().server);
    done();
  });
  endAfter(config.requestTimeoutMs, adapter.getInstance());
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('cache-control', 'no-store');
    done();
  });
  // behind the parsing of the body, whose events would lose the context
  adapter.getInstance().addHook('preValidation', (_request, _reply, done) => {
    withPatience(config.databaseTimeoutMs, done);
  });
  return adapter;
}

/** Nothing here is a page: browsers are told to run, frame and sniff nothing. */
export function secureHeaders(app: NestFastifyApplication): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
}

/**
 * While the server closes: a connection whose last answer went out after the closing began would else be kept for the client's next
 * request, and the process with it, for as long as connections are kept alive.
 */
function closeWhenIdle(server: Server): void {
  const timer = setInterval(() => {
    server.closeIdleConnections();
  }, 50).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}
