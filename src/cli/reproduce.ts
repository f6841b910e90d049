import { Argument, InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { recipeSettings, type Settings } from '../training/recipe.js';
import { datasets, type DatasetName } from '../training/reproduce/datasets.js';
import { meanOf, sessionMeanOf, table, variantTable } from '../training/reproduce/report-table.js';
import type { ServedQuality } from '../training/reproduce/served.js';
import { readReports, reproduce, type Report } from '../training/reproduce/reproduce.js';

interface Options {
  readonly data: string;
  readonly reports: string;
  readonly curves?: string;
  readonly recipe: Settings;
  readonly seeds: string;
  readonly threads: string;
  readonly served: boolean;
}

const sets = Object.keys(datasets) as DatasetName[];

export function addReproduceCommand(program: Command): void {
  program
    .command('reproduce')
    .description('train on a public data set and print its figures; `table` prints what the reports say')
    .addArgument(new Argument('<set>').choices([...sets, 'all', 'table']))
    .option('--data <folder>', 'the folder of the data sets', 'data')
    .option('--reports <folder>', 'where the reports lie; one that is there is not made again', 'test/reports')
    .option('--curves <folder>', 'where the curves go as TensorBoard event files; not given: nowhere')
    .option(
      '--recipe <json>',
      'settings in place of those of the set, such as {"slots":0}; reported beside it',
      readSettings,
      {},
    )
    .option('--seeds <count>', 'seeds 1 to this', '1')
    .option('--threads <count>', 'threads of the trainer', '1')
    .option('--served', 'ask the serving network the test too, event by event, with states in half precision', false)
    .action(async (set: DatasetName | 'all' | 'table', options: Options) => {
      if (set !== 'table') for (const one of set === 'all' ? sets : [set]) await run(one, options);
      if (set !== 'all' && set !== 'table') return;
      const reports = await readReports(options.reports);
      const tables = [table(reports), variantTable(reports)].filter((text) => text !== '');
      process.stdout.write(`${tables.join('\n\n')}\n`);
    });
}

/** Numbers and switches of a recipe. */
function readSettings(text: string): Settings {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It is no JSON; an example is {"slots":0}.');
  }
  const { success, data, error } = recipeSettings.safeParse(json);
  if (!success) throw new InvalidArgumentError(z.prettifyError(error));
  const fixed = Object.entries(data).find(([name, value]) => name === 'seed' || typeof value === 'object');
  if (fixed !== undefined) throw new InvalidArgumentError(`${fixed[0]} can not be set here.`);
  return data;
}

async function run(
  set: DatasetName,
  { data, reports: folder, curves, recipe, seeds, threads, served }: Options,
): Promise<void> {
  const reports = await reproduce({
    set,
    settings: recipe,
    data,
    reports: folder,
    curves: curves ?? null,
    seeds: Number(seeds),
    threads: Number(threads),
    served,
    onProgress: (seed, { phase, epoch, epochs, step, steps, loss }) => {
      if (!process.stdout.isTTY) return;
      const at = `${set} seed ${seed} ${phase.toLowerCase()} epoch ${epoch}/${epochs} step ${step}/${steps}`;
      process.stdout.write(`\r${at} loss ${loss?.toFixed(4) ?? '-'}   `);
    },
    onNotice: (seed, message) => {
      process.stdout.write(`\r${set} seed ${seed} ${message}\n`);
    },
    onEpoch: (seed, { epoch, loss, validationHrAt10, validationNdcgAt10, seconds }) => {
      const validation = `${validationHrAt10?.toFixed(4) ?? '-'} / ${validationNdcgAt10?.toFixed(4) ?? '-'}`;
      process.stdout.write(
        `\r${set} seed ${seed} epoch ${epoch} loss ${loss.toFixed(4)} validation ${validation} ${seconds.toFixed(1)} s\n`,
      );
    },
  });
  process.stdout.write(`${JSON.stringify(summary(set, reports))}\n`);
}

/** The last line, for programs. */
function summary(set: DatasetName, reports: readonly Report[]): Readonly<Record<string, unknown>> {
  const model = meanOf(reports.map(({ test }) => test.model));
  const plain = meanOf(reports.map(({ test }) => test.modelWithoutBlend));
  const session = datasets[set].split.kind === 'sessions' ? sessionMeanOf(reports, 'model') : null;
  const served = reports.flatMap((report) => (report.served === undefined ? [] : [report.served]));
  const epochs = reports.flatMap((report) => report.epochs);
  const secondsPerEpoch = epochs.reduce((sum, { seconds }) => sum + seconds, 0) / epochs.length;
  const round = (value: number | undefined): number => Number((value ?? NaN).toFixed(4));
  return {
    set,
    seeds: reports.length,
    hr10: round(model.hrAt10),
    ndcg10: round(model.ndcgAt10),
    plainHr10: round(plain.hrAt10),
    plainNdcg10: round(plain.ndcgAt10),
    rulesHr10: round(reports[0]?.test.rules.hrAt10),
    rulesNdcg10: round(reports[0]?.test.rules.ndcgAt10),
    secondsPerEpoch: round(secondsPerEpoch),
    ...(served.length === 0 ? {} : servedSummary(served)),
    ...(session === null ? {} : { recall20: round(session.recallAt20), mrr20: round(session.mrrAt20) }),
  };
}

function servedSummary(served: readonly ServedQuality[]): Readonly<Record<string, number>> {
  const { hrAt10, ndcgAt10 } = meanOf(served.map(({ model }) => model));
  const plain = meanOf(served.map(({ modelWithoutBlend }) => modelWithoutBlend));
  const figures = {
    servedHr10: hrAt10,
    servedNdcg10: ndcgAt10,
    servedPlainHr10: plain.hrAt10,
    servedPlainNdcg10: plain.ndcgAt10,
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(4))]));
}
