/** The tables of the README: means over the seeds, beside what counting gives and what has been published. */
import { stateBytes } from '../../model/dimensions.js';
import { datasets, type Dataset, type DatasetName, type SessionQuality } from './datasets.js';
import type { Quality } from '../evaluation/metrics.js';
import { settingsText, type Report } from './reproduce.js';
import type { SystemName } from '../training-job.js';

const columns = [
  'model',
  'modelWithoutBlend',
  'rules',
  'markov',
  'popularity',
] as const satisfies readonly SystemName[];
const head = [
  '| data set | seeds | model | without the rules blend | sequential rules | Markov | popularity | best published |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** HR@10 / NDCG@10 of users and, where there are any, a second table with Recall@20 / MRR@20 of sessions. */
export function table(reports: readonly Report[]): string {
  const users: string[] = [];
  const sessions: string[] = [];
  for (const set of Object.keys(datasets) as DatasetName[]) {
    const own = reports.filter((report) => report.set === set && report.settings === undefined);
    if (own.length === 0) continue;
    const dataset: Dataset = datasets[set];
    if (dataset.split.kind === 'sessions') sessions.push(sessionRow(dataset, own));
    else users.push(userRow(dataset, own));
  }
  const tables = [
    ...(users.length > 0 || sessions.length === 0 ? [[...head, ...users]] : []),
    ...(sessions.length > 0 ? [[...head, ...sessions]] : []),
  ];
  return tables.map((lines) => lines.join('\n')).join('\n\n');
}

/** What the parts of the network give: each set that was trained with something set otherwise, beside its own recipe. */
export function variantTable(reports: readonly Report[]): string {
  const rows = (Object.keys(datasets) as DatasetName[]).flatMap((set) => {
    const ofSet = Map.groupBy(
      reports.filter((report) => report.set === set),
      ({ settings = {} }) => settingsText(settings).join(', '),
    );
    if (ofSet.size < 2) return [];
    return [...ofSet].sort(([one], [other]) => (one < other ? -1 : 1)).map(([text, own]) => variantRow(text, own));
  });
  return rows.length === 0 ? '' : [...variantHead, ...rows].join('\n');
}

const variantHead = [
  '| data set | recipe | seeds | model | without the rules blend | the same, histories from 200 on | bytes a user |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];
const long = 200;

function variantRow(settings: string, own: readonly Report[]): string {
  const [first] = own;
  if (first === undefined) throw new Error('a row needs a report');
  const { width, slots, blocks, kindVectors, gapBuckets: gaps } = first.hyperparameters;
  const bytes = stateBytes({ width, slots, blocks, kinds: kindVectors ? 1 : 0, gaps });
  const ofLong = own.flatMap(
    ({ systems }) =>
      systems?.modelWithoutBlend.byHistoryLength.filter(({ from, cases }) => from === long && cases > 0) ?? [],
  );
  const cells = [
    datasets[first.set].title,
    settings === '' ? 'its own' : settings,
    own.length,
    showQuality(meanOf(own.map(({ test }) => test.model))),
    showQuality(meanOf(own.map(({ test }) => test.modelWithoutBlend))),
    ofLong.length === 0 ? '' : showQuality(meanOf(ofLong)),
    bytes,
  ];
  return `| ${cells.join(' | ')} |`;
}

function userRow(dataset: Dataset, own: readonly Report[]): string {
  const cells = columns.map((system) => showQuality(meanOf(own.map(({ test }) => test[system]))));
  const { published } = dataset;
  return row(dataset, own, cells, published !== undefined && 'hrAt10' in published ? showQuality(published) : null);
}

function sessionRow(dataset: Dataset, own: readonly Report[]): string {
  const cells = columns.map((system) => showSession(sessionMeanOf(own, system)));
  const { published } = dataset;
  return row(dataset, own, cells, published !== undefined && 'mrrAt20' in published ? showSession(published) : null);
}

function row({ title, published }: Dataset, own: readonly Report[], cells: readonly string[], best: string | null) {
  const last = best === null || published === undefined ? '' : `${best} (${published.by})`;
  return `| ${[title, own.length, ...cells, last].join(' | ')} |`;
}

export function meanOf(figures: readonly Quality[]): Quality {
  return { hrAt10: mean(figures.map(({ hrAt10 }) => hrAt10)), ndcgAt10: mean(figures.map(({ ndcgAt10 }) => ndcgAt10)) };
}

export function sessionMeanOf(reports: readonly Report[], system: SystemName): SessionQuality {
  const figures = reports.map(({ systems }) => systems?.[system]);
  return {
    recallAt20: mean(figures.map((one) => one?.recallAt20.value ?? Number.NaN)),
    mrrAt20: mean(figures.map((one) => one?.mrrAt20.value ?? Number.NaN)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function showQuality({ hrAt10, ndcgAt10 }: Quality): string {
  return `${show(hrAt10)} / ${show(ndcgAt10)}`;
}

function showSession({ recallAt20, mrrAt20 }: SessionQuality): string {
  return `${show(recallAt20)} / ${show(mrrAt20)}`;
}

function show(share: number): string {
  return share.toFixed(4).replace(/^0/, '');
}
