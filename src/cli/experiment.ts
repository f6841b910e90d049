import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { Experiments } from '../promotion/experiments.js';
import { LiveModel } from '../promotion/live-model.js';
import { liveVersion, Promotion } from '../promotion/promotion.js';
import { findExperiment } from '../storage/experiment.store.js';
import { createLogger } from '../telemetry.js';
import { withDatabase } from './database.js';
import { readCount } from './evaluate.js';

export function addExperimentCommands(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('two versions of the model side by side, each answering its share of the users');
  experiment
    .command('start')
    .description("make the version's memories from the log, and let it answer a share of the users from then on")
    .requiredOption('--model <version>', 'the challenger; what serves answers the others')
    .requiredOption('--share <part>', 'part of the users, above 0 and below 1; the same users for as long as it lasts')
    .option('--reason <text>', 'kept with it')
    .option('--threads <count>', 'threads that replay', String(availableParallelism()))
    .action(async (options: { model: string; share: string; reason?: string; threads: string }) => {
      const version = readCount('--model', options.model);
      const share = Number(options.share);
      const threads = readCount('--threads', options.threads);
      await withExperiments(async (experiments) => {
        await experiments.start(version, share, { threads, reason: options.reason ?? null });
        process.stdout.write(`Model ${version} answers ${100 * share} % of the users.\n`);
      });
    });
  experiment
    .command('show')
    .description('the experiment that is under way')
    .action(async () => {
      await withDatabase(async ({ manager }) => {
        const found = await findExperiment(manager);
        if (found === null) {
          process.stdout.write('No experiment is under way.\n');
          return;
        }
        const { version, share, since, reason } = found;
        process.stdout.write(
          `Since ${since.toISOString()} model ${version} answers ${100 * share} % of the users, model ${await liveVersion(manager)} the others.\n` +
            `${JSON.stringify({ version, share, since, reason })}\n`,
        );
      });
    });
  experiment
    .command('end')
    .description('let what serves answer all users again, or the challenger')
    .option('--promote', 'the challenger serves from then on')
    .action(async ({ promote }: { readonly promote?: true }) => {
      await withExperiments(async (experiments) => {
        const version = await experiments.end(promote === true, { threads: availableParallelism() });
        process.stdout.write(
          promote === true ? `Model ${version} serves.\n` : `Model ${version} answers nobody any more.\n`,
        );
      });
    });
}

async function withExperiments(work: (experiments: Experiments) => Promise<void>): Promise<void> {
  await withDatabase(async (dataSource, config) => {
    const logger = createLogger({ ...config, logLevel: 'warn' });
    const promotion = new Promotion(config, logger, dataSource, new LiveModel(config, logger, dataSource));
    await work(new Experiments(dataSource, promotion));
  });
}
