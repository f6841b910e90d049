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
import { trainerEntry, trainInChild } from '../trainer-child.js';
import { inTrainingFolder } from '../training-folder.js';
import type { TrainingResult } from '../training-job.js';

/** Sessions have a case for each click: there validation asks for a sample, the test for all. */
const everybody = Number.MAX_SAFE_INTEGER;

export interface Report extends Omit<TrainingResult, 'checkpointPath'> {
  readonly set: DatasetName;
  readonly seed: number;
  readonly threads: number;
  readonly machine: string;
}

export interface Reproduction {
  readonly set: DatasetName;
  /** folder of the data sets */
  readonly data: string;
  /** folder of the reports */
  readonly reports: string;
  /** folder of the curves, a folder in it for each seed; null: none */
  readonly curves: string | null;
  readonly seeds: number;
  readonly threads: number;
  readonly onProgress: (seed: number, progress: TrainingProgress) => void;
  readonly onEpoch: (seed: number, figures: EpochFigures) => void;
  readonly onNotice: (seed: number, message: string) => void;
}

/** The reports of seeds 1 to `seeds`. */
export async function reproduce(wanted: Reproduction): Promise<readonly Report[]> {
  await mkdir(wanted.reports, { recursive: true });
  const reports: Report[] = [];
  for (let seed = 1; seed <= wanted.seeds; seed++) {
    reports.push((await readReport(wanted.reports, fileOf(wanted.set, seed))) ?? (await train(wanted, seed)));
  }
  return reports;
}

async function train(
  { set, data, reports, curves, threads, onProgress, onEpoch, onNotice }: Reproduction,
  seed: number,
): Promise<Report> {
  const dataset: Dataset = datasets[set];
  const { recipe, split, seen } = dataset;
  const log = await readDataset(data, dataset);
  const stateFile = join(reports, `${set}-${seed}.state`);
  return inTrainingFolder(async (folder) => {
    const inputFile = join(folder, 'log');
    await writeSequences(inputFile, log);
    const { checkpointPath, ...result } = await trainInChild(
      {
        inputFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        stateFile,
        curvesFolder: curves === null ? null : join(curves, `${set}-${seed}`),
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
    const report: Report = { set, seed, threads, machine: machine(), ...result };
    await writeFile(join(reports, fileOf(set, seed)), `${JSON.stringify(report, null, 1)}\n`);
    await rm(stateFile, { force: true });
    return report;
  });
}

/** What the figures of a measurement were made on. */
export function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, Node ${process.version}`;
}

function fileOf(set: DatasetName, seed: number): string {
  return `${set}-${seed}.json`;
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
