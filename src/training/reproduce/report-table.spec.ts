import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { datasets, type DatasetName } from './datasets.js';
import { meanOf, table, variantTable } from './report-table.js';
import { readReports, type Report } from './reproduce.js';

/** A report whose systems all have the same figures: half the first one as the second. */
function reportOf(set: DatasetName, seed: number, figure: number): Report {
  const test = { hrAt10: figure, ndcgAt10: figure / 2 };
  const estimate = (value: number) => ({ value, low: value, high: value });
  const system = {
    hrAt10: estimate(figure),
    ndcgAt10: estimate(figure / 2),
    mrrAt10: estimate(figure / 2),
    recallAt20: estimate(figure),
    mrrAt20: estimate(figure / 2),
    coverageAt10: 0,
    giniAt10: 0,
    noveltyAt10: 0,
    overlapAt10: 0,
    byTargetFrequency: [],
    byHistoryLength: [],
  };
  const all = <Figures>(one: Figures) => ({
    model: one,
    modelWithoutBlend: one,
    popularity: one,
    markov: one,
    rules: one,
  });
  return {
    set,
    seed,
    threads: 1,
    machine: 'none',
    epochs: [],
    bestEpoch: 1,
    validation: all(test),
    test: { ...all(test), users: 1 },
    systems: all(system),
    blend: { weight: 0, scale: 1, placePower: 1, repeat: 0 },
    users: 1,
    items: 1,
    events: 1,
    parameters: 1,
    hyperparameters: datasets[set].recipe,
    device: 'none',
    seconds: 1,
  };
}

describe('the table of reports', () => {
  it('has means over the seeds', () => {
    const mean = meanOf([
      { hrAt10: 0.1, ndcgAt10: 0.05 },
      { hrAt10: 0.3, ndcgAt10: 0.15 },
    ]);
    expect(mean.hrAt10).toBeCloseTo(0.2, 9);
    expect(mean.ndcgAt10).toBeCloseTo(0.1, 9);
  });

  it('is made of the reports in the repository, and each names its seed, its recipe and its machine', async () => {
    const reports = await readReports('test/reports');
    expect(reports.length).toBeGreaterThan(0);
    for (const { seed, hyperparameters, machine, epochs, bestEpoch, test } of reports) {
      expect(hyperparameters.seed).toBe(seed);
      expect(machine).toMatch(/ x \d+, Node v\d+/);
      expect(epochs.map(({ epoch }) => epoch)).toContain(bestEpoch);
      expect(test.model.hrAt10).toBeGreaterThan(test.popularity.hrAt10);
    }
    for (const set of new Set(reports.map((report) => report.set)))
      expect(
        table(reports)
          .split('\n')
          .filter((line) => line.includes(`| ${datasets[set].title} |`)),
      ).toHaveLength(1);
  });

  it('shows sessions in a table of their own, by Recall@20 and MRR@20', () => {
    const [beauty, sessions] = table([
      reportOf('beauty', 1, 0.2),
      reportOf('diginetica', 1, 0.4),
      reportOf('diginetica', 2, 0.6),
    ])
      .split('\n\n')
      .map((part) => part.split('\n'));
    expect(beauty?.[2]).toMatch(
      /^\| Amazon Beauty, attributes \| 1 \| \.2000 \/ \.1000 \| .*\.1002 \/ \.0610 \(BSARec/,
    );
    expect(sessions?.[2]).toMatch(/^\| Diginetica \| 2 \| \.5000 \/ \.2500 \| .*\.5422 \/ \.1904 \(GCE-GNN\) \|$/);
    expect(sessions).toHaveLength(3);
  });

  it('leaves the published column empty where no row is known', () => {
    expect(table([reportOf('lastfm', 1, 0.2)])).toMatch(/\| LastFM, attributes \| 1 \| .* \| {2}\|$/);
  });

  it('has what was set otherwise in a table of its own, beside the recipe of the set', () => {
    const base = reportOf('beauty', 1, 0.2);
    const { hyperparameters } = base;
    const settings = { slots: 0, blocks: 2 };
    const other = { ...reportOf('beauty', 1, 0.4), settings, hyperparameters: { ...hyperparameters, ...settings } };
    expect(table([base, other])).toBe(table([base]));
    expect(variantTable([base, reportOf('toys', 1, 0.2)])).toBe('');
    expect(variantTable([other, base]).split('\n').slice(2)).toEqual([
      '| Amazon Beauty, attributes | its own | 1 | .2000 / .1000 | .2000 / .1000 |  | 2344 |',
      '| Amazon Beauty, attributes | blocks=2, slots=0 | 1 | .4000 / .2000 | .4000 / .2000 |  | 552 |',
    ]);
  });

  it('stands in the README', async () => {
    const [readme, reports] = [await readFile('README.md', 'utf8'), await readReports('test/reports')];
    expect(readme).toContain(table(reports));
    expect(readme).toContain(variantTable(reports));
  });
});
