/** The log: JSON lines by pino. Users' ids, keys and bodies never enter it; what could carry one is removed here once more. */
import { pino, type Logger } from 'pino';
import type { Config } from './config.js';
import { isRetriable, messageOf, RecollectError } from './errors.js';

export type { Logger } from 'pino';

/** The token that the logger is injected by. */
export const LOGGER = Symbol('logger');

export function createLogger(config: Pick<Config, 'logLevel' | 'role'>): Logger {
  return pino({
    level: config.logLevel,
    base: { role: config.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'userId',
        'user_id',
        '*.userId',
        '*.user_id',
        'req.headers',
        'req.body',
        'password',
        '*.password',
        'key',
        '*.key',
        'err.parameters',
        'err.query',
        'err.detail',
      ],
      remove: true,
    },
  });
}

/** Logs an error once, where it is handled, at the level that its code has in the list of errors. */
export function logError(logger: Logger, error: unknown, happened: string): void {
  const level = error instanceof RecollectError ? error.level : isRetriable(error) ? 'warn' : 'error';
  const code = error instanceof RecollectError ? error.code : 'INTERNAL';
  const stack = error instanceof Error && !(error instanceof RecollectError) ? error.stack : undefined;
  logger[level]({ code, stack, reason: messageOf(error) }, happened);
}
