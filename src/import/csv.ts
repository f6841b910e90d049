/**
 * CSV and its kin -> records by the names of their columns. Values stay text, empty ones are left out; what a field's text means is
 * told by its name, see `typedOf`. A quote that is wrong ends the import: where the next row begins can't be known then.
 */
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse, type InfoRecord } from 'csv-parse';
import { RecollectError } from '../errors.js';
import { recordsAtOnce, type FileRecord } from './record.js';

export interface CsvForm {
  /** null: the one of , ; tab | :: that the first line has most often */
  readonly delimiter: string | null;
  /** names of the columns; null: the first line holds them */
  readonly columns: readonly string[] | null;
  /** whether a value may stand in double quotes */
  readonly isQuoted: boolean;
}

const delimiters = [',', ';', '\t', '|', '::'];
const mostBytes = 1_000_000;

interface Row {
  readonly record: readonly string[];
  readonly info: InfoRecord;
}

export async function* csvRecords(text: AsyncIterable<string>, form: CsvForm): AsyncGenerator<readonly FileRecord[]> {
  const parts = text[Symbol.asyncIterator]();
  let start = '';
  for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
    start += part.value;
    if (start.includes('\n') || start.length > mostBytes) break;
  }
  const delimiter = form.delimiter ?? commonest(start.split('\n', 1)[0] ?? '');
  const parser = parse({
    delimiter,
    quote: form.isQuoted && delimiter !== '::' ? '"' : null,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true, // told by row, below
    max_record_size: mostBytes,
  });
  const whole = async function* (): AsyncGenerator<string> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => parts };
  };
  pipeline(Readable.from(whole()), parser, () => undefined); // a fault of either is thrown by the loop
  let columns = form.columns;
  let records: FileRecord[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      if (columns === null) {
        columns = checkedColumns(record);
        continue;
      }
      // a value over several lines: the parser counts the last of them
      const line = info.lines - record.reduce((count, value) => count + value.split('\n').length - 1, 0);
      records.push(toRecord(record, columns, line));
      if (records.length < recordsAtOnce) continue;
      yield records;
      records = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const what = error.message.replace(/, value is .*/s, ''); // no values of a file in messages
    const message = `the file is not CSV: ${what}. Where the quotes mean nothing give --no-quotes`;
    throw new RecollectError('FILE_UNREADABLE', message, { cause: error });
  }
  yield records;
}

function commonest(line: string): string {
  const plain = line.replaceAll(/"[^"]*"/g, '');
  const counted = delimiters.map((delimiter) => ({ delimiter, count: plain.split(delimiter).length }));
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).delimiter;
}

/** RecBole's names carry a type: user_id:token. */
function checkedColumns(titles: readonly string[]): readonly string[] {
  const names = titles.map((title) => title.replace(/:(token|float)(_seq)?$/, ''));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return names;
  const message = `the first line names the column ${JSON.stringify(twice)} twice: its first line must name the columns`;
  throw new RecollectError('FILE_UNREADABLE', message);
}

function toRecord(values: readonly string[], columns: readonly string[], line: number): FileRecord {
  if (values.length !== columns.length) {
    const message = `the row has ${values.length} values, there are ${columns.length} columns: ${columns.join(', ')}`;
    return { line, fields: null, fault: new RecollectError('INVALID_VALUE', message) };
  }
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [at, name] of columns.entries()) if (values[at] !== '') fields[name] = values[at] as string;
  return { line, fields, fault: null };
}
