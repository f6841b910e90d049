/** `recollect study`: finds settings for the trainings of this log, and shows what it tried. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { messageOf, RecollectError } from '../errors.js';
import type { StudyEntity } from '../storage/study.entity.js';
import { listStudies, loadStudy } from '../storage/study.store.js';
import { createLogger } from '../telemetry.js';
import { isFailure } from '../training/study/halving.js';
import { defaultSpace, readSpace, type Space } from '../training/study/search-space.js';
import { createStudy } from '../training/study/study.js';
import { recipeToSet, summaryOf, tableOf } from '../training/study/study-report.js';
import { runStudy, type StudyContext, type StudyTraining } from '../training/study/study-run.js';
import { trainerEntry } from '../training/trainer-child.js';
import { withDatabase } from './database.js';

interface CreateOptions {
  readonly name: string;
  readonly trials: string;
  readonly eta: string;
  readonly seed: string;
  readonly space?: string;
  readonly run?: true;
}

export function addStudyCommands(program: Command): void {
  const study = program.command('study').description('find the settings with which trainings learn this log best');
  study
    .command('create')
    .description('draw the trials; all of them will learn from the log as it is now')
    .requiredOption('--name <name>', 'letters, digits, dot, dash and underscore')
    .option('--trials <count>', 'how many settings to try; the first trial is the recipe as it is', '27')
    .option('--eta <count>', 'of each rung one trial in so many goes on', '3')
    .option('--seed <number>', 'draws the settings', '1')
    .option('--space <file>', 'JSON: which settings to try, see the README; default: six of them')
    .option('--run', 'run it at once')
    .action(async ({ name, trials, eta, seed, space, run }: CreateOptions) => {
      const wanted = {
        name: readName(name),
        trials: readNumber('--trials', trials, 2, 1_000),
        eta: readNumber('--eta', eta, 2, 100),
        seed: readNumber('--seed', seed, 0, 2 ** 32 - 1),
        space: space === undefined ? defaultSpace : readSpaceFile(space),
      };
      await withDatabase(async (dataSource, config) => {
        await createStudy(dataSource, config, wanted);
        process.stderr.write(`created study ${name}\n`);
        if (run === true) await runToEnd(dataSource, config, name);
      });
    });
  study
    .command('run')
    .description('train its trials, or go on where it was stopped')
    .argument('<name>')
    .action(async (name: string) => {
      await withDatabase(async (dataSource, config) => runToEnd(dataSource, config, name));
    });
  study
    .command('show')
    .description('its trials, the furthest and best first')
    .argument('<name>')
    .action(async (name: string) => {
      await withDatabase(async ({ manager }) => {
        show(await loadStudy(manager, name));
      });
    });
  study
    .command('list')
    .description('all studies, the newest first')
    .action(async () => {
      await withDatabase(async ({ manager }) => {
        for (const { name, state, trials, best, createdAt } of await listStudies(manager)) {
          const found = best === null ? '' : `  best: trial ${best}`;
          process.stdout.write(
            `${createdAt.toISOString()}  ${state.padEnd(8)}  ${trials.length} trials  ${name}${found}\n`,
          );
        }
      });
    });
}

/** Ends early on Ctrl-C or SIGTERM; the training under way is lost, what was trained before is not. */
async function runToEnd(dataSource: DataSource, config: Config, name: string): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(new RecollectError('CANCELLED', `stopped; \`study run ${name}\` goes on from here`));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const context: StudyContext = {
    dataSource,
    config,
    logger: createLogger(config),
    entry: trainerEntry,
    signal: stopping.signal,
    onNews: (training, news) => {
      if (!process.stderr.isTTY || news.type !== 'progress') return;
      const { phase, epoch, step, steps, loss } = news.progress;
      const at = `${phase.toLowerCase()} epoch ${epoch}/${training.epochs} step ${step}/${steps}`;
      process.stderr.write(`\r${titleOf(training)} ${at} loss ${loss?.toFixed(4) ?? '-'}   `);
    },
    onResult: (training, result) => {
      const figures = isFailure(result)
        ? `${result.errorCode}: ${result.errorMessage}`
        : `validation HR@10 ${result.hrAt10.toFixed(4)} NDCG@10 ${result.ndcgAt10.toFixed(4)}`;
      const start = process.stderr.isTTY ? '\r' : '';
      process.stderr.write(
        `${start}${titleOf(training)} epochs ${training.epochs} ${figures} ${result.seconds.toFixed(1)} s\n`,
      );
    },
  };
  const study = await runStudy(context, name);
  show(study);
  process.stdout.write(`${JSON.stringify(summaryOf(study))}\n`);
}

function titleOf({ trial, rung }: StudyTraining): string {
  return `rung ${rung} trial ${trial}`;
}

function show(study: StudyEntity): void {
  const settings = recipeToSet(study);
  const lines = [
    tableOf(study),
    ...(settings === null ? [] : ['', `The next trainings take the best settings with`, setting(settings)]),
    ...(study.best === 1 ? ['', 'No trial is better than the recipe as it is: there is nothing to set.'] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** As a shell takes it. */
function setting(settings: object): string {
  return `RECOLLECT_TRAIN_RECIPE='${JSON.stringify(settings)}'`;
}

function readName(name: string): string {
  if (/^[\w.-]{1,100}$/.test(name)) return name;
  throw new RecollectError(
    'BAD_INPUT',
    `--name ${name} may have up to 100 letters, digits, dots, dashes and underscores`,
  );
}

function readNumber(option: string, text: string, least: number, most: number): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new RecollectError('BAD_INPUT', `${option} ${text} is not a whole number from ${least} to ${most}`);
}

function readSpaceFile(file: string): Space {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RecollectError('BAD_INPUT', `--space ${file} can not be read: ${messageOf(cause)}`, { cause });
  }
  return readSpace(text, file);
}
