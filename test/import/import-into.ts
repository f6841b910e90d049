/** An import as the command makes it, in this process. */
import { importNamed } from '../../src/import/import-named.js';
import type { ImportOptions } from '../../src/import/options.js';
import { Report, type Counts } from '../../src/import/report.js';
import type { FreshDatabase } from '../fresh-database.js';

interface NotAdded {
  readonly file: string;
  readonly line: number;
  readonly verdict: string;
  readonly code?: string;
  readonly field?: string;
  readonly message?: string;
}

export interface Imported extends Counts {
  /** one for each row that was not added */
  readonly notAdded: readonly NotAdded[];
}

export async function importInto(
  { dataSource, config }: FreshDatabase,
  names: readonly string[],
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const notAdded: NotAdded[] = [];
  const report = new Report((line) => notAdded.push(JSON.parse(line) as NotAdded));
  await importNamed(names, { of: 'interactions', quotes: true, ...options }, config, dataSource, report);
  return { ...report.total, notAdded };
}
