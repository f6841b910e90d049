/**
 * The time in which an answer has to be made. The HTTP server's own `handlerTimeout` makes a timer, an abort signal and an error for each
 * request, which took a small query a twelfth of its time; here one timer looks at the requests under way, the longest first.
 */
import { errorCodes, type FastifyInstance, type FastifyReply } from 'fastify';

/** Ends what is not answered within `timeoutMs`, and a tenth of it at most, with FST_ERR_HANDLER_TIMEOUT. */
export function endAfter(timeoutMs: number, server: FastifyInstance): void {
  /** since when, in the order in which they came */
  const underWay = new Map<FastifyReply, number>();
  const look = (): void => {
    const latest = performance.now() - timeoutMs;
    for (const [reply, since] of underWay) {
      if (since > latest) return;
      underWay.delete(reply);
      end(reply, timeoutMs);
    }
  };
  const timer = setInterval(look, Math.max(1, timeoutMs / 10)).unref();
  server.addHook('onRequest', (_request, reply, done) => {
    underWay.set(reply, performance.now());
    done();
  });
  server.addHook('onResponse', (_request, reply, done) => {
    underWay.delete(reply);
    done();
  });
  server.addHook('onClose', (_instance, done) => {
    clearInterval(timer);
    done();
  });
}

/** One that has begun to go out can only be broken off. */
function end(reply: FastifyReply, timeoutMs: number): void {
  if (reply.sent) return;
  const error = new errorCodes.FST_ERR_HANDLER_TIMEOUT(timeoutMs, reply.request.url);
  if (reply.raw.headersSent) reply.raw.destroy(error);
  else reply.send(error);
}
