/** From settings to a running service, and back in order: HTTP drains, the consumer commits, the trainer gives its run back, the pool closes. */
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import { ensureOperatorKey } from './api/api-key.js';
import { httpAdapter, secureHeaders } from './api/http.js';
import { AppModule } from './app.module.js';
import type { Config } from './config.js';
import { codeOf, RecollectError } from './errors.js';
import { createDataSource, migrate } from './storage/data-source.js';
import type { Logger } from './telemetry.js';

export interface RunningService {
  readonly url: string;
  /** the key of the first start; null where keys exist */
  readonly operatorKey: string | null;
  readonly app: NestFastifyApplication;
  readonly dataSource: DataSource;
  stop(): Promise<void>;
}

export async function startService(config: Config, logger: Logger): Promise<RunningService> {
  const postgres = config.databaseUrl === null ? await startEmbedded(config, logger) : null;
  const settled = postgres === null ? config : { ...config, databaseUrl: postgres.url };
  const dataSource = await createDataSource(settled).initialize();
  try {
    await migrate(dataSource, settled.databaseSchema);
    const operatorKey = await ensureOperatorKey(dataSource, settled.databaseSchema);
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.with(settled, logger, dataSource),
      httpAdapter(settled),
      { logger: nestLogger(logger), abortOnError: false },
    );
    secureHeaders(app);
    await listen(app, settled);
    return {
      url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
      operatorKey,
      app,
      dataSource,
      stop: async () => {
        await app.close();
        await dataSource.destroy();
        await postgres?.stop();
      },
    };
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    await postgres?.stop();
    throw error;
  }
}

async function startEmbedded(config: Config, logger: Logger): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { startPostgres } = await import('./embedded/postgres.js');
  const postgres = await startPostgres(config.dataFolder);
  logger.warn(
    { port: postgres.port, folder: config.dataFolder },
    'DATABASE_URL is not set: an embedded Postgres was started',
  );
  return postgres;
}

async function listen(app: NestFastifyApplication, { port, host }: Config): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    const what = `port ${port} of ${host} is taken by another program; end it or set RECOLLECT_PORT to another one`;
    throw new RecollectError('PORT_IN_USE', what, { cause: error });
  }
}

/** Nest's own lines: faults as they are, the rest only when somebody debugs. */
function nestLogger(logger: Logger): LoggerService {
  const debug = (message: unknown): void => {
    logger.debug(String(message));
  };
  return {
    log: debug,
    debug,
    verbose: debug,
    warn: (message: unknown) => {
      logger.warn(String(message));
    },
    error: (message: unknown) => {
      logger.error(String(message));
    },
    fatal: (message: unknown) => {
      logger.fatal(String(message));
    },
  };
}
