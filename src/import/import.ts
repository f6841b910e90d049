/**
 * Files into Recollect, from top to bottom:
 *
 *   open      the file named, its bytes decompressed and decoded; what can't be read to its end ends the import before it writes
 *   records   rows with their line numbers, by the format
 *   read      each row by itself -> a value of the product, or why not
 *   take      the values go where they belong, in the order of the files
 *   report    a verdict for each row
 *
 * Nothing is kept beside the rows of how far an import came: after a kill it is run again, and what is there already is a duplicate.
 */
import { RecollectError } from '../errors.js';
import { csvRecords } from './csv.js';
import type { Destination, Row } from './destination.js';
import { jsonLines } from './json-lines.js';
import type { Layout } from './layout.js';
import { parquetFooter, parquetRecords } from './parquet.js';
import type { FileRecord } from './record.js';
import type { Report } from './report.js';
import { bytesOf, type ImportFile } from './source.js';
import { textOf } from './text.js';

/** Reads the fields of a row; throws a RecollectError for what is refused. */
export type ReadRow<V> = (fields: unknown) => V;

/** What the files hold, and where it goes. */
export interface Import<V> {
  readonly layoutOf: (file: ImportFile) => Layout;
  /** asked once for each file */
  readonly readerOf: (file: ImportFile) => ReadRow<V>;
  /** asked when all files are known to be readable */
  readonly open: () => Promise<Destination<V>> | Destination<V>;
}

export async function importFiles<V>(
  files: readonly ImportFile[],
  report: Report,
  { layoutOf, readerOf, open }: Import<V>,
): Promise<void> {
  const layouts: Layout[] = [];
  for (const file of files) layouts.push(await checked(file, layoutOf(file)));
  const destination = await open();
  try {
    for (const [at, file] of files.entries()) {
      report.begin(file.path);
      const read = readerOf(file);
      for await (const records of recordsOf(file, layouts[at] as Layout)) {
        await destination.take(judge(file, records, read, report));
      }
    }
    await destination.finish?.();
  } catch (error) {
    await destination.abandon?.();
    throw error;
  }
}

/** The rows that are well; the others are refused. */
function judge<V>(
  { path: file }: ImportFile,
  records: readonly FileRecord[],
  read: ReadRow<V>,
  report: Report,
): readonly Row<V>[] {
  const rows: Row<V>[] = [];
  for (const { line, fields, fault } of records) {
    const place = { file, line };
    try {
      if (fault !== null) throw fault;
      rows.push({ place, value: read(fields) });
    } catch (error) {
      if (!(error instanceof RecollectError)) throw error;
      report.refuse(place, error);
    }
  }
  return rows;
}

function recordsOf(file: ImportFile, layout: Layout): AsyncGenerator<readonly FileRecord[]> {
  switch (file.format) {
    case 'jsonl':
      return jsonLines(textOf(bytesOf(file), layout.encoding));
    case 'csv':
      return csvRecords(textOf(bytesOf(file), layout.encoding), layout);
    case 'parquet':
      return parquetRecords(file.path);
  }
}

/** Reads text to its end for its encoding and compression alone. The standard input can be read only once. */
async function checked(file: ImportFile, layout: Layout): Promise<Layout> {
  if (file.format === 'parquet') await parquetFooter(file.path);
  if (file.format === 'parquet' || file.path === '-') return layout;
  try {
    const text = textOf(bytesOf(file), layout.encoding);
    while ((await text.next()).done !== true);
    return layout;
  } catch (error) {
    const isOther = error instanceof RecollectError && error.code === 'WRONG_ENCODING';
    if (!isOther || layout.otherEncoding === null) throw error;
    return { ...layout, encoding: layout.otherEncoding };
  }
}
