/**
 * Measures the product on a public data set: trains it once for each seed, as a training run would, and keeps a report a seed.
 * A report that is there is not made again, and a training that was interrupted goes on, so that a long table can be made in
 * several sittings.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { EpochFigures, TrainingProgress } from '../../storage/training-run.entity.js';
import { datasets, readDataset, type Dataset, type DatasetName } from './datasets.js';
import { writeSequences } from '../log/sequences.js';
import { withSettings, type Settings } from '../recipe.js';
import { trainerEntry, trainInChild } from '../trainer-child.js';
import { inTrainingFolder } from '../training-folder.js';
import type { TrainingResult } from '../training-job.js';
import { servedQuality, type ServedQuality } from './served.js';

/** Sessions have a case for each click: there validation asks for a sample, the test for all. */
const everybody = Number.MAX_SAFE_INTEGER;

export interface Report extends Omit<TrainingResult, 'checkpointPath'> {
  readonly set: DatasetName;
  readonly seed: number;
  /** what of the set's recipe was set otherwise, to see what it does; absent: nothing */
  readonly settings?: Settings;
  /** the same test by the serving network; absent: not asked for */
  readonly served?: ServedQuality;
  readonly threads: number;
  readonly machine: string;
}

export interface Reproduction {
  readonly set: DatasetName;
  /** in place of those of the set's recipe; such reports lie beside the others */
  readonly settings: Settings;
  /** folder of the data sets */
  readonly data: string;
  /** folder of the reports */
  readonly reports: string;
  /** folder of the curves, a folder in it for each seed; null: none */
  readonly curves: string | null;
  readonly seeds: number;
  readonly threads: number;
  /** whether the serving network is asked the test too, event by event */
  readonly served: boolean;
  readonly onProgress: (seed: number, progress: TrainingProgress) => void;
  readonly onEpoch: (seed: number, figures: EpochFigures) => void;
  readonly onNotice: (seed: number, message: string) => void;
}

/** The reports of seeds 1 to `seeds`. */
export async function reproduce(wanted: Reproduction): Promise<readonly Report[]> {
  await mkdir(wanted.reports, { recursive: true });
  const reports: Report[] = [];
  for (let seed = 1; seed <= wanted.seeds; seed++) {
    const file = `${nameOf(wanted, seed)}.json`;
    reports.push((await readReport(wanted.reports, file)) ?? (await train(wanted, seed)));
  }
  return reports;
}

async function train(wanted: Reproduction, seed: number): Promise<Report> {
  const { set, settings, data, reports, curves, threads, onProgress, onEpoch, onNotice } = wanted;
  const dataset: Dataset = datasets[set];
  const { split, seen } = dataset;
  const recipe = withSettings(dataset.recipe, settings);
  const name = nameOf(wanted, seed);
  const log = await readDataset(data, dataset);
  const stateFile = join(reports, `${name}.state`);
  return inTrainingFolder(async (folder) => {
    const inputFile = join(folder, 'log');
    await writeSequences(inputFile, log);
    const { checkpointPath, ...result } = await trainInChild(
      {
        inputFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        stateFile,
        curvesFolder: curves === null ? null : join(curves, name),
        device: 'cpu',
        hyperparameters: {
          ...recipe,
          seed,
          validationUsers: split.kind === 'sessions' ? recipe.validationUsers : everybody,
          testUsers: everybody,
        },
        split,
        seen,
      },
      {
        entry: trainerEntry,
        threads,
        signal: new AbortController().signal,
        onNews: (news) => {
          if (news.type === 'progress') onProgress(seed, news.progress);
          else if (news.type === 'epoch') onEpoch(seed, news.figures);
          else if (news.type === 'notice') onNotice(seed, news.message);
          else if (news.type === 'resumed') onNotice(seed, `goes on after ${news.epochs.length} epochs`);
        },
      },
    );
    const own = Object.keys(settings).length === 0 ? {} : { settings };
    const served = wanted.served ? { served: await servedQuality(checkpointPath, log, dataset) } : {};
    const report: Report = { set, seed, ...own, ...served, threads, machine: machine(), ...result };
    await writeFile(join(reports, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
    await rm(stateFile, { force: true });
    return report;
  });
}

/** What the figures of a measurement were made on. */
export function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, Node ${process.version}`;
}

/** Such as `beauty-1`, or `ml-1m-a-slots=0-1` where something is set. */
function nameOf({ set, settings }: Pick<Reproduction, 'set' | 'settings'>, seed: number): string {
  return [set, ...settingsText(settings), seed].join('-');
}

/** What is set, in the order of names. */
export function settingsText(settings: Settings): readonly string[] {
  return Object.entries(settings)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
}

async function readReport(folder: string, file: string): Promise<Report | null> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Report);
}

/** All reports of a folder. */
export async function readReports(folder: string): Promise<readonly Report[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'));
  const reports = await Promise.all(files.sort().map(async (file) => readReport(folder, file)));
  return reports.filter((report) => report !== null);
}
