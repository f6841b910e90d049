import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { meanOf, readReports, table } from './reproduce.js';

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
    expect(table(reports).split('\n')).toHaveLength(2 + new Set(reports.map(({ set }) => set)).size);
  });

  it('stands in the README', async () => {
    expect(await readFile('README.md', 'utf8')).toContain(table(await readReports('test/reports')));
  });
});
