import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { differences, verifyMemories, type Difference } from '../memory/memory-verify.js';
import { LiveModel } from '../promotion/live-model.js';
import { loadNetwork } from '../promotion/network-loader.js';
import { liveVersion, Promotion } from '../promotion/promotion.js';
import { createLogger } from '../telemetry.js';
import { withDatabase } from './database.js';
import { readCount } from './evaluate.js';
import { addMemoryControlCommands } from './memory-control.js';

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
            ...(verified.waiting > 0
              ? [`${verified.waiting} users wait for the replay of a late event and were left out.`]
              : []),
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
  addMemoryControlCommands(memory);
  memory
    .command('rebuild')
    .description('make all memories anew from the log, while what serves goes on, and swap them in')
    .option('--threads <count>', 'threads that replay', String(availableParallelism()))
    .action(async ({ threads }: { readonly threads: string }) => {
      const count = readCount('--threads', threads);
      await withDatabase(async (dataSource, config) => {
        const logger = createLogger({ ...config, logLevel: 'warn' });
        const promotion = new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource));
        const [{ events } = { events: 0 }] = await dataSource.query<{ events: number }[]>(
          'SELECT count(*)::float8 AS events FROM interaction',
        );
        const started = Date.now();
        let users = 0;
        const version = await promotion.rebuild({
          threads: count,
          onProgress: (phase, made) => {
            if (phase === 'REBUILDING') users = made;
          },
        });
        const seconds = (Date.now() - started) / 1_000;
        process.stdout.write(
          `Model ${version}: the memories of ${users} users were made anew from the log and serve.\n` +
            `${JSON.stringify({ version, users, seconds, eventsPerSecond: Math.round(events / seconds) })}\n`,
        );
      });
    });
}
