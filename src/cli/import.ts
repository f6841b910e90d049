/** `recollect import` and `recollect validate`: files into the log and the catalogue, with a verdict for each row. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { DataSource } from 'typeorm';
import { readConfig, type Config } from '../config.js';
import { messageOf, RecollectError } from '../errors.js';
import { importNamed } from '../import/import-named.js';
import { subjects, type FileOptions, type ImportOptions } from '../import/options.js';
import { Report } from '../import/report.js';
import { formats } from '../import/source.js';
import { fileDialectNames } from '../ingest/dialect.js';
import { migrate } from '../storage/data-source.js';
import { withDatabase } from './database.js';

export function addImportCommands(program: Command): void {
  withFileOptions(program.command('import'))
    .description('add what files hold to the log and the memories, or to the catalogue; again adds nothing twice')
    .option('--dry-run', 'compare with what is there, write nothing')
    .action(async (names: readonly string[], options: ImportOptions) => {
      await withDatabase(async (dataSource, config) => {
        await migrate(dataSource, config.databaseSchema);
        await run(names, options, config, dataSource);
      });
    });
  withFileOptions(program.command('validate'))
    .description('say what an import of files would refuse; needs no database')
    .action(async (names: readonly string[], options: FileOptions) => {
      await run(names, options, readConfig(process.env), null);
    });
}

function withFileOptions(command: Command): Command {
  return command
    .argument('<files...>', "files, or patterns in quotes such as 'part-*.jsonl'; - is the standard input")
    .addOption(new Option('--of <what>', 'what the rows are').choices(subjects).default('interactions'))
    .addOption(new Option('--format <format>', 'default: by the ending of the name').choices(formats))
    .addOption(
      new Option('--dialect <name>', 'whose names the fields have; default: by the fields').choices(fileDialectNames),
    )
    .option('--map <from=to,...>', 'names of the fields; to: a field, properties.name, or nothing to leave it out')
    .option('--kind <kind>', 'the kind of rows that name none')
    .option('--map-kind <from=to,...>', 'names of the kinds')
    .option('--encoding <label>', 'such as latin1; default: by the byte order mark, else utf-8')
    .option('--delimiter <text>', 'between the values of CSV; default: by the first line')
    .option('--columns <name,...>', 'names of the columns of CSV whose first line is a row already')
    .option('--no-quotes', 'double quotes mean nothing in this CSV')
    .option('--report <file>', 'a line of JSON for each row that was not added');
}

/** `dataSource` null: nothing is compared with, and nothing written. */
async function run(
  names: readonly string[],
  options: ImportOptions,
  config: Config,
  dataSource: DataSource | null,
): Promise<void> {
  const details = options.report === undefined ? null : openDetails(options.report);
  const report = new Report(details?.write ?? null);
  const started = performance.now();
  await importNamed(names, options, config, dataSource, report);
  details?.close();
  const seconds = (performance.now() - started) / 1000;
  const rowsPerSecond = Math.round(report.total.rows / seconds);
  process.stdout.write(`${report.summary()}\n`);
  process.stdout.write(`${JSON.stringify({ import: names.join(' '), ...report.total, rowsPerSecond })}\n`);
  if (report.total.refused > 0) process.exitCode = 1;
}

/** Writes in large pieces. */
function openDetails(path: string): { readonly write: (line: string) => void; readonly close: () => void } {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (error) {
    throw new RecollectError('BAD_INPUT', `--report ${path} can't be written: ${messageOf(error)}`, { cause: error });
  }
  let text = '';
  const flush = (): void => {
    writeSync(file, text);
    text = '';
  };
  return {
    write: (line) => {
      text += `${line}\n`;
      if (text.length > 65_536) flush();
    },
    close: () => {
      flush();
      closeSync(file);
    },
  };
}
