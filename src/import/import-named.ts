/** From what a command says of its files to the import that it means. */
import type { DataSource } from 'typeorm';
import type { Config } from '../config.js';
import { Admission } from '../memory/admission.js';
import { keyOf } from '../memory/verdict.js';
import { putItems } from '../storage/item.store.js';
import type { UserPut } from '../storage/user-profile.store.js';
import { compareByPutting, compareWithLog, DryRun, logDestination, Puts, type Put } from './destination.js';
import { importFiles } from './import.js';
import { interactionReader } from './interaction-row.js';
import { itemReader } from './item-row.js';
import { layoutOf } from './layout.js';
import { mappingOf, type ImportOptions } from './options.js';
import type { Report } from './report.js';
import { filesOf, type ImportFile } from './source.js';
import { userReader } from './user-row.js';

/** `dataSource` null: nothing is compared with, and nothing written. */
export async function importNamed(
  names: readonly string[],
  options: ImportOptions,
  config: Config,
  dataSource: DataSource | null,
  report: Report,
): Promise<void> {
  const files = await filesOf(names, options.format ?? null);
  const mapping = mappingOf(options, config);
  const layout = (file: ImportFile) => layoutOf(file, options);
  const target = options.dryRun === true ? null : dataSource;
  switch (options.of) {
    case 'interactions': {
      const compare = dataSource === null ? null : compareWithLog(dataSource, config);
      await importFiles(files, report, {
        layoutOf: layout,
        readerOf: (file) => interactionReader(config, mapping, file),
        open: async () =>
          target === null ? new DryRun(keyOf, compare, report) : logDestination(target, config, files, report),
      });
      return;
    }
    case 'items': {
      const compare = dataSource === null ? null : compareByPutting(dataSource, putItems);
      await importFiles(files, report, {
        layoutOf: layout,
        readerOf: (file) => itemReader(config, mapping, file),
        open: () =>
          target === null ? new DryRun(JSON.stringify, compare, report) : new Puts(target, putItems, report),
      });
      return;
    }
    case 'users': {
      const admission = new Admission(config);
      const putUsers: Put<UserPut> = async (tx, users) => admission.putProfiles(tx, users);
      const compare = dataSource === null ? null : compareByPutting(dataSource, putUsers);
      await importFiles(files, report, {
        layoutOf: layout,
        readerOf: (file) => userReader(mapping, file),
        open: () =>
          target === null ? new DryRun(JSON.stringify, compare, report) : new Puts(target, putUsers, report),
      });
      return;
    }
  }
}
