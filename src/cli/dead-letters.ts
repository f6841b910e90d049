import type { Command } from 'commander';
import kafkajs from 'kafkajs';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { RecollectError } from '../errors.js';
import { deadLettersOf, replayDeadLetter, type DeadLetterHead } from '../ingest/dead-letter-replay.js';
import { scanDeadLetters, type FoundLetter } from '../ingest/dead-letter-scan.js';
import { createKafka } from '../ingest/kafka-client.js';
import { textOf } from '../ingest/message.js';
import { readInstant } from '../model/instant.js';
import type { DeadLetterEntity } from '../storage/dead-letter.entity.js';
import { findDeadLetters, type DeadLetterFilter } from '../storage/dead-letter.store.js';
import { createLogger } from '../telemetry.js';
import { withDatabase } from './database.js';

interface FilterOptions {
  readonly topic?: string;
  readonly code?: string;
  readonly since?: string;
  readonly replayed?: true;
  readonly all?: true;
}

export function addDeadLetterCommands(program: Command): void {
  const command = program.command('dead-letters').description('messages that were refused');
  withFilter(command.command('list'))
    .description('where each lay, when and why it was refused, in the order of their places')
    .option('--replayed', 'also those that were sent again')
    .action((options: FilterOptions) =>
      withDatabase(async (dataSource) => {
        let count = 0;
        for await (const letter of deadLettersOf(dataSource.manager, readFilter(options))) {
          process.stdout.write(`${lineOf(letter)}\n`);
          count += 1;
        }
        process.stdout.write(`${count} dead letters\n`);
      }),
    );
  command
    .command('show')
    .description('all of a dead letter, its key and value too, as JSON')
    .argument('<place>', 'topic:partition:offset, as `list` prints it')
    .action((place: string) =>
      withDatabase(async (dataSource) => {
        for (const letter of await lettersAt(dataSource, place)) process.stdout.write(`${jsonOf(letter)}\n`);
      }),
    );
  withFilter(command.command('replay'))
    .description('send dead letters to their topics again; those that were sent already only by their places')
    .argument('[places...]', 'topic:partition:offset of each; or give a filter')
    .option('--all', 'every one that was not sent again yet')
    .action((places: string[], options: FilterOptions) =>
      withDatabase(async (dataSource, config) => {
        await replay(dataSource, config, places, options);
      }),
    );
}

function withFilter(command: Command): Command {
  return command
    .option('--topic <topic>', 'of this topic')
    .option('--code <code>', 'refused with this code, such as UNKNOWN_KIND')
    .option('--since <time>', 'refused since then, ISO-8601 with zone');
}

function readFilter({ topic, code, since, replayed }: FilterOptions): DeadLetterFilter {
  return {
    topic: topic ?? null,
    code: code ?? null,
    since: since === undefined ? null : new Date(readInstant(since, '--since')),
    withReplayed: replayed === true,
  };
}

async function replay(
  dataSource: DataSource,
  config: Config,
  places: readonly string[],
  options: FilterOptions,
): Promise<void> {
  if (places.length > 0 === Object.keys(options).length > 0) {
    throw new RecollectError('BAD_INPUT', 'say what to send again: places, or --topic, --code, --since, or --all');
  }
  const kafka = createKafka(config, createLogger({ ...config, logLevel: 'fatal' }));
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const { manager } = dataSource;
  let sent = 0;
  const large: DeadLetterHead[] = [];
  const lost: DeadLetterHead[] = [];
  const send = async (letter: DeadLetterHead, message: FoundLetter): Promise<void> => {
    await replayDeadLetter(manager, producer, letter, message);
    sent += 1;
  };
  const take = async ({ key, value, ...letter }: DeadLetterEntity): Promise<void> => {
    if (letter.isWhole) await send(letter, { key, value });
    else if (letter.lastOffset === null) large.push(letter);
    else lost.push(letter);
  };
  try {
    if (places.length === 0) for await (const letter of deadLettersOf(manager, readFilter(options))) await take(letter);
    for (const place of places) for (const letter of await lettersAt(dataSource, place)) await take(letter);
    for (const ofTopic of Map.groupBy(large, ({ topic }) => topic).values())
      lost.push(...(await scanDeadLetters(kafka, config.kafkaGroup, ofTopic, send)));
  } finally {
    await producer.disconnect();
    process.stdout.write(`sent ${sent} again\n`);
  }
  if (lost.length === 0) return;
  throw new RecollectError(
    'BAD_INPUT',
    `${lost.length} are not kept as they came, read them from their topics and send them anew: ${lost.map(placeOf).join(' ')}`,
  );
}

async function lettersAt({ manager }: DataSource, place: string): Promise<readonly DeadLetterEntity[]> {
  const [, topic, partition, offset] = /^(.+):(\d{1,9}):(\d{1,18})$/.exec(place) ?? [];
  if (topic === undefined || partition === undefined || offset === undefined)
    throw new RecollectError('BAD_INPUT', `"${place}" is no place: write topic:partition:offset`);
  const letters = await findDeadLetters(manager, { topic, partition: Number(partition), offset });
  if (letters.length === 0) throw new RecollectError('NOT_FOUND', `no dead letter lay at ${place}`);
  return letters;
}

function placeOf({ topic, partition, offset }: DeadLetterHead): string {
  return `${topic}:${partition}:${offset}`;
}

function lineOf(letter: DeadLetterEntity): string {
  const { refusedAt, code, field, message, replayedAt, attempts } = letter;
  const again = replayedAt === null ? '' : `  sent again ${replayedAt.toISOString()}`;
  const facts = [placeOf(letter), refusedAt.toISOString(), code, field ?? '-', `attempts ${attempts}`, message];
  return facts.join('  ') + again;
}

function jsonOf(letter: DeadLetterEntity): string {
  const readable = (bytes: Buffer | null): unknown =>
    bytes === null ? null : (textOf(bytes) ?? { base64: bytes.toString('base64') });
  const headers = letter.headers.map(([name, value]) => [name, readable(Buffer.from(value, 'base64'))]);
  const shown = { key: readable(letter.key), value: readable(letter.value), headers };
  return JSON.stringify(Object.assign({}, letter, shown), null, 2);
}
