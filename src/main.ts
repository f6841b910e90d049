/** The program: read the settings, start the role, stop in order on SIGTERM or SIGINT. */
import { readConfig } from './config.js';
import { messageOf, RecollectError } from './errors.js';
import { startService } from './service.js';
import { createLogger, logError } from './telemetry.js';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config);
  const service = await startService(config, logger);
  if (service.operatorKey !== null) {
    process.stdout.write(`\nThe operator key of this deployment, shown this once:\n\n  ${service.operatorKey}\n\n`);
  }
  logger.info({ url: service.url }, 'ready');
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1); // a second Ctrl-C does not wait
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('what was under way did not finish in time; nothing that was committed is lost');
      process.exit(1);
    }, config.shutdownTimeoutMs).unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logError(logger, error, 'stopping failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
}

main().catch((error: unknown) => {
  const code = error instanceof RecollectError ? `${error.code}: ` : '';
  process.stderr.write(`recollect did not start: ${code}${messageOf(error)}\n`);
  process.exit(1);
});
