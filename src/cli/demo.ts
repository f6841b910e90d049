/**
 * The product at its job on real interactions: MovieLens ml-latest-small through Kafka into memories, a first model, an answer with
 * its reasons, and the same answer after three new interactions. Stays up until Ctrl-C; a second start finds everything in the
 * data folder and goes straight to the answer.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readConfig, type Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { startKafka, type RunningKafka } from '../embedded/kafka.js';
import { startPostgres } from '../embedded/postgres.js';
import { topicsOf } from '../ingest/kafka-client.js';
import { KafkaConsumer } from '../ingest/kafka-consumer.js';
import { startService, type RunningService } from '../service.js';
import { createLogger } from '../telemetry.js';
import { GraphqlClient } from './demo/graphql-client.js';
import { loadCatalogue, loadRatings } from './demo/load.js';
import { showFreshness, showMemory, showRecommendation } from './demo/show.js';
import { graphqlStream, kafkaStream, untilConsuming, type Stream } from './demo/stream.js';
import { trainFirstModel } from './demo/train.js';

/** A real user of the data set, with a few hundred ratings. */
const shownUser = '42';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('load MovieLens, train, answer, and stay up')
    .option('--once', 'stop after the answer instead of staying up')
    .action(async ({ once }: { once?: true }) => {
      await demo(once === true);
      process.exit(0); // what Ctrl-C interrupted may still wait for something that comes no more
    });
}

async function demo(once: boolean): Promise<void> {
  const started = Date.now();
  const config = { ...readConfig({ RECOLLECT_LOG_LEVEL: 'warn', ...process.env }), role: 'all' as const };
  const ended = whenAsked();
  void ended.then(() => {
    exitAfter(config.shutdownTimeoutMs + 5_000);
  });
  const postgres = config.databaseUrl === null ? await startPostgres(config.dataFolder) : null;
  const kafka = await startBroker(config);
  const settled: Config = {
    ...config,
    databaseUrl: postgres?.url ?? config.databaseUrl,
    kafkaBrokers: kafka === null ? config.kafkaBrokers : [kafka.brokers],
  };
  say(
    `Postgres ${postgres === null ? 'of DATABASE_URL' : `on port ${postgres.port}`}, ${kafka === null ? 'no broker of its own' : `Kafka on ${kafka.brokers}`}`,
  );

  const service = await startService(settled, createLogger(settled));
  const key = keepKey(config, service);
  const client = new GraphqlClient(`${service.url}/graphql`, key);
  const stream: Stream = settled.kafkaBrokers === null ? graphqlStream(client) : await kafkaStream(settled);
  const show = async (): Promise<void> => {
    await loadCatalogue(client);
    await untilConsuming(service.app.get(KafkaConsumer, { strict: false }));
    await loadRatings(stream, service.dataSource);
    await trainFirstModel(client);
    await showRecommendation(client, shownUser);
    await showMemory(client, shownUser);
    await showFreshness(client, stream, shownUser);
    say(`\nFrom the start to here: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    if (once) return;
    goOn(service, settled, key);
    await ended;
  };
  try {
    await Promise.race([show(), ended]);
    say('\nstopping ...');
  } finally {
    await stream.close();
    await service.stop();
    await kafka?.stop();
    await postgres?.stop();
  }
}

/** The real broker where Java is there; without it the demo goes by GraphQL and says so. */
async function startBroker(config: Config): Promise<RunningKafka | null> {
  if (config.kafkaBrokers !== null) return null;
  try {
    return await startKafka(config.dataFolder, config.cacheFolder);
  } catch (error) {
    if (!(error instanceof RecollectError) || error.code !== 'EMBEDDED_SERVICE_FAILED') throw error;
    say(`No Kafka broker: ${error.message}\nInteractions go through the GraphQL mutation trackInteractions instead.`);
    return null;
  }
}

/** The key is shown once; the demo keeps it beside its data, readable by the owner alone, so that a second start can ask again. */
function keepKey(config: Config, service: RunningService): string {
  const file = join(config.dataFolder, 'demo-operator-key');
  if (service.operatorKey !== null) writeFileSync(file, service.operatorKey, { mode: 0o600 });
  if (!existsSync(file)) {
    throw new Error(
      `the database has keys, but none of them lies in ${file}: make one by \`npm run recollect -- keys create\` and put it there`,
    );
  }
  return readFileSync(file, 'utf8').trim();
}

function goOn(service: RunningService, config: Config, key: string): void {
  say(`
Go on with
  GraphQL    ${service.url}/graphql
  health     ${service.url}/health/ready
  Kafka      ${config.kafkaBrokers?.join(',') ?? 'none'}   topic ${topicsOf(config).interactions}
  key        ${key}

  curl -s ${service.url}/graphql -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\
    -d '{"query":"{ recommendations(input: {userId: \\"${shownUser}\\", first: 3}) { source items { rank score item { title } } } }"}'

Ctrl-C stops; the data stays in ${config.dataFolder}.`);
}

/** What does not stop in time is left; the next start on the folder ends it. */
function exitAfter(timeoutMs: number): void {
  setTimeout(() => {
    say('what was under way did not finish in time; nothing that was committed is lost');
    process.exit(1);
  }, timeoutMs).unref();
}

/** Ctrl-C, SIGTERM, or a terminal that was closed. */
async function whenAsked(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1)); // a second one does not wait
        done();
      });
    }
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
