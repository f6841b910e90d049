/**
 * Measures the product on a public data set: trains it once for each seed, as a training run would, and keeps a report a seed.
 * A report that is there is not made again, so that a long table can be made in several sittings.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import { datasets, readDataset, type DatasetName } from './datasets.js';
import type { Quality } from './metrics.js';
import { writeSequences } from './sequences.js';
import { trainInChild } from './trainer-child.js';
import { inTrainingFolder } from './training-folder.js';
import type { TrainingResult } from './training-job.js';

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
  readonly seeds: number;
  readonly threads: number;
  readonly onProgress: (seed: number, progress: TrainingProgress) => void;
  readonly onEpoch: (seed: number, figures: EpochFigures) => void;
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
  { set, data, reports, threads, onProgress, onEpoch }: Reproduction,
  seed: number,
): Promise<Report> {
  const dataset = datasets[set];
  const log = await readDataset(data, dataset);
  return inTrainingFolder(async (folder) => {
    const inputFile = join(folder, 'log');
    await writeSequences(inputFile, log);
    const { checkpointPath, ...result } = await trainInChild(
      {
        inputFile,
        outputFile: join(folder, 'checkpoint.safetensors'),
        device: 'cpu',
        hyperparameters: { ...dataset.recipe, seed, validationUsers: everybody, testUsers: everybody },
      },
      {
        entry: fileURLToPath(new URL('./trainer-process.js', import.meta.url)),
        threads,
        signal: new AbortController().signal,
        onNews: (news) => {
          if (news.type === 'progress') onProgress(seed, news.progress);
          else onEpoch(seed, news.figures);
        },
      },
    );
    const machine = `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, Node ${process.version}`;
    const report: Report = { set, seed, threads, machine, ...result };
    await writeFile(join(reports, fileOf(set, seed)), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  });
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

/** Means over the seeds, beside what counting gives and what has been published. */
export function table(reports: readonly Report[]): string {
  const rows = (Object.keys(datasets) as DatasetName[]).flatMap((set) => {
    const own = reports.filter((report) => report.set === set);
    const [first] = own;
    if (first === undefined) return [];
    const { title, published } = datasets[set];
    const model = show(meanOf(own.map(({ test }) => test.model)));
    const bare = show(meanOf(own.map(({ test }) => test.modelWithoutBlend)));
    const { rules, markov, popularity } = first.test;
    return [
      `| ${title} | ${own.length} | ${model} | ${bare} | ${show(rules)} | ${show(markov)} | ${show(popularity)} | ${show(published)} (${published.by}) |`,
    ];
  });
  return [
    '| data set | seeds | model | without the rules blend | sequential rules | Markov | popularity | best published |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

export function meanOf(figures: readonly Quality[]): Quality {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { hrAt10: mean(figures.map(({ hrAt10 }) => hrAt10)), ndcgAt10: mean(figures.map(({ ndcgAt10 }) => ndcgAt10)) };
}

function show({ hrAt10, ndcgAt10 }: Quality): string {
  return `${hrAt10.toFixed(4).slice(1)} / ${ndcgAt10.toFixed(4).slice(1)}`;
}
