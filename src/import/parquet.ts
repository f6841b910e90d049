/**
 * Parquet -> records, a row group at a time, all codecs. Whole numbers of 64 bits come exact, as text where JavaScript would round them.
 * A time without a zone stays without one, and is refused where a field needs one; text must be UTF-8.
 */
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type FileMetaData,
  type SchemaElement,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { codeOf, messageOf, RecollectError } from '../errors.js';
import { recordsAtOnce, type FileRecord } from './record.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const parsers = {
  dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  stringFromBytes: (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : utf8.decode(bytes)),
};

/** Reads the footer; throws for what is no Parquet. */
export async function parquetFooter(path: string): Promise<FileMetaData> {
  if (path === '-') throw new RecollectError('BAD_INPUT', 'Parquet is read from its end: give a file in place of -');
  return readable(path, async () => parquetMetadataAsync(await asyncBufferFromFile(path)));
}

export async function* parquetRecords(path: string): AsyncGenerator<readonly FileRecord[]> {
  const metadata = await parquetFooter(path);
  const file = await asyncBufferFromFile(path);
  const local = new Set(metadata.schema.filter(isLocalTime).map(({ name }) => name));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const columns = new Map<string, unknown[]>();
    await readable(path, async () =>
      parquetRead({
        file,
        metadata,
        rowStart,
        rowEnd,
        compressors,
        parsers,
        onChunk: ({ columnName, columnData, rowStart: from }) => {
          const column = columns.get(columnName) ?? [];
          columns.set(columnName, column);
          for (let at = 0; at < columnData.length; at++) column[from - rowStart + at] = columnData[at] as unknown;
        },
      }),
    );
    for (let from = rowStart; from < rowEnd; from += recordsAtOnce) {
      const rows = Array.from({ length: Math.min(recordsAtOnce, rowEnd - from) }, (_, at) => from + at);
      yield rows.map((row) => {
        const fields = [...columns].map(([name, values]): [string, unknown] => {
          const value = values[row - rowStart];
          return [name, local.has(name) && value instanceof Date ? value.toISOString().slice(0, -1) : plain(value)];
        });
        return { line: row + 1, fields: Object.fromEntries(fields), fault: null };
      });
    }
    rowStart = rowEnd;
  }
}

function isLocalTime({ logical_type: type }: SchemaElement): boolean {
  return type?.type === 'TIMESTAMP' && !type.isAdjustedToUTC;
}

/** As JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

async function readable<V>(path: string, read: () => Promise<V>): Promise<V> {
  try {
    return await read();
  } catch (error) {
    const isText = codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const [code, what] = isText
      ? (['WRONG_ENCODING', 'holds text that is not UTF-8, which Parquet demands'] as const)
      : (['FILE_UNREADABLE', `could not be read as Parquet: ${messageOf(error)}`] as const);
    throw new RecollectError(code, `${path} ${what}`, { cause: error });
  }
}
