import type { Command } from 'commander';
import { RecollectError } from '../errors.js';
import { everyPartition } from '../storage/consumer-pause.entity.js';
import { deletePause, isPaused, listPauses, putPause, type Pause } from '../storage/consumer-pause.store.js';
import { listStandings } from '../storage/partition-status.store.js';
import { withDatabase } from './database.js';
import { restartPartitions } from './partition-restart.js';

export function addPartitionCommands(program: Command): void {
  const command = program.command('partitions').description('what is consumed from Kafka');
  command
    .command('list')
    .description('how far each partition is, and what holds it up')
    .action(() =>
      withDatabase(async ({ manager }) => {
        for (const {
          topic,
          partition,
          nextOffset,
          lastCommitAt,
          state,
          errorCode,
          errorMessage,
        } of await listStandings(manager)) {
          const held = state === 'RUNNING' ? '' : `  ${state.toLowerCase()}`;
          const error = errorCode === null ? '' : `\n  ${errorCode}: ${errorMessage}`;
          process.stdout.write(
            `${topic}:${partition}  next offset ${nextOffset}  ${lastCommitAt.toISOString()}${held}${error}\n`,
          );
        }
        const pauses = await listPauses(manager);
        for (const { topic } of pauses.filter(({ partition }) => partition === everyPartition))
          process.stdout.write(`${topic}  paused\n`);
      }),
    );
  command
    .command('pause')
    .description('consume nothing of a topic or a partition until it is resumed, in no process, over restarts too')
    .argument('<place>', 'topic, or topic:partition')
    .action((place: string) =>
      withDatabase(async ({ manager }) => {
        await putPause(manager, readPlace(place));
        process.stdout.write(`paused ${place}\n`);
      }),
    );
  command
    .command('resume')
    .description('go on where a pause began')
    .argument('<place>', 'topic, which resumes all of its partitions, or topic:partition')
    .action((place: string) =>
      withDatabase(async ({ manager }) => {
        const pause = readPlace(place);
        const { topic, partition } = pause;
        const isOfTopic = isPaused(await listPauses(manager), { topic, partition: everyPartition });
        if (isOfTopic && partition !== everyPartition)
          throw new RecollectError('BAD_INPUT', `all of ${topic} is paused: resume the topic`);
        if (!(await deletePause(manager, pause))) throw new RecollectError('NOT_FOUND', `${place} is not paused`);
        process.stdout.write(`resumed ${place}\n`);
      }),
    );
  command
    .command('restart')
    .description('set where a partition goes on, when the brokers no longer have what its stored offset asks for')
    .argument('<place>', 'topic:partition, or topic for all of its partitions')
    .requiredOption('--from <offset>', 'earliest or latest of what the brokers have, or an offset of one partition')
    .action((place: string, { from }: { readonly from: string }) =>
      withDatabase(async (dataSource, config) => {
        for (const line of await restartPartitions(dataSource, config, readPlace(place), from))
          process.stdout.write(`${line}\n`);
      }),
    );
}

/** Names of topics have no colon. */
function readPlace(place: string): Pause {
  const [, topic, partition] = /^([a-zA-Z0-9._-]+)(?::(\d{1,9}))?$/.exec(place) ?? [];
  if (topic === undefined)
    throw new RecollectError('BAD_INPUT', `"${place}" is no place: write a topic, or topic:partition`);
  return { topic, partition: partition === undefined ? everyPartition : Number(partition) };
}
