import type { Command } from 'commander';
import { RecollectError } from '../errors.js';
import { everyPartition } from '../storage/consumer-pause.entity.js';
import { deletePause, isPaused, listPauses, putPause, type Pause } from '../storage/consumer-pause.store.js';
import { listProgress } from '../storage/consumer-progress.store.js';
import { withDatabase } from './database.js';

export function addPartitionCommands(program: Command): void {
  const command = program.command('partitions').description('what is consumed from Kafka');
  command
    .command('list')
    .description('how far each partition is, and whether it is paused')
    .action(() =>
      withDatabase(async ({ manager }) => {
        const pauses = await listPauses(manager);
        for (const { topic, partition, nextOffset, updatedAt } of await listProgress(manager)) {
          const state = isPaused(pauses, { topic, partition }) ? '  paused' : '';
          process.stdout.write(
            `${topic}:${partition}  next offset ${nextOffset}  ${updatedAt.toISOString()}${state}\n`,
          );
        }
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
}

/** Names of topics have no colon. */
function readPlace(place: string): Pause {
  const [, topic, partition] = /^([a-zA-Z0-9._-]+)(?::(\d{1,9}))?$/.exec(place) ?? [];
  if (topic === undefined)
    throw new RecollectError('BAD_INPUT', `"${place}" is no place: write a topic, or topic:partition`);
  return { topic, partition: partition === undefined ? everyPartition : Number(partition) };
}
