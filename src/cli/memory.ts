import type { Command } from 'commander';
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { differences, verifyMemories, type Difference } from '../memory/memory-verify.js';
import { loadNetwork } from '../promotion/network-loader.js';
import { findLiveModel } from '../storage/model.store.js';
import { withDatabase } from './database.js';
import { readCount } from './evaluate.js';

const meanings: Readonly<Record<Difference, string>> = {
  MISSING: 'the log has the user, no memory does',
  DAMAGED: 'the bytes do not fit their checksum',
  OUTDATED: 'written by an earlier version of this program, whose arithmetic leaves other last bits',
  DIFFERENT: 'whole, but not what the log gives',
};

export function addMemoryCommands(program: Command): void {
  const memory = program
    .command('memory')
    .description("the users' memories of the live model, and the log that they are made of");
  memory
    .command('verify')
    .description('compare memories with a replay of the log; exit code 1 when any differs')
    .option('--users <count>', 'only so many users, drawn at random; default: all')
    .option('--show-ids', 'name the users whose memory differs')
    .action(async ({ users, showIds }: { readonly users?: string; readonly showIds?: true }) => {
      const sample = users === undefined ? null : readCount('--users', users);
      await withDatabase(async (dataSource) => {
        const version = await liveVersion(dataSource.manager);
        const network = await loadNetwork(dataSource.manager, version);
        const found = new Map<Difference, number>();
        const verified = await verifyMemories(dataSource, version, network, sample, (difference, userId) => {
          found.set(difference, (found.get(difference) ?? 0) + 1);
          if (showIds === true) process.stdout.write(`${difference} ${JSON.stringify(userId)}\n`);
        });
        const counts = differences.map((difference): [Difference, number] => [difference, found.get(difference) ?? 0]);
        process.stdout.write(
          [
            `Model ${version}: memories of ${verified.users} users compared with their ${verified.interactions} interactions.`,
            ...counts.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}: ${meanings[name]}`),
            ...(verified.waiting > 0 ? [`${verified.waiting} users wait for the replay of a late event and were left out.`] : []),
            found.size === 0 ? 'All are what the log gives.' : '`recollect memory rebuild` makes all of them anew.',
            JSON.stringify({
              version,
              ...verified,
              ...Object.fromEntries(counts.map(([name, count]) => [name.toLowerCase(), count])),
            }),
            '',
          ].join('\n'),
        );
        if (found.size > 0) process.exitCode = 1;
      });
    });
}

async function liveVersion(manager: EntityManager): Promise<number> {
  const live = await findLiveModel(manager);
  if (live === null)
    throw new RecollectError('NOT_FOUND', 'no model serves yet, so there are no memories; train one first');
  return live.version;
}
