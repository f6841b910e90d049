/** The files of an import: which they are, what form each has, and their bytes, decompressed. */
import { createReadStream, statSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { pipeline, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, RecollectError } from '../errors.js';

export const formats = ['jsonl', 'csv', 'parquet'] as const;
export type Format = (typeof formats)[number];

export interface ImportFile {
  /** as it was named; `-` is the standard input */
  readonly path: string;
  readonly format: Format;
}

const formatOf: Readonly<Record<string, Format>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.dat': 'csv',
  '.inter': 'csv',
  '.item': 'csv',
  '.parquet': 'parquet',
};

const decompressors: Readonly<Record<string, () => Transform>> = {
  '.gz': () => createGunzip(),
  '.zst': () => createZstdDecompress(),
};

/**
 * The files that are meant, each once. Parts are read in the order of the numbers in their names (part-2 before part-10) whatever
 * the order in which they are named, so that the same files always make the same log.
 */
export async function filesOf(names: readonly string[], format: Format | null): Promise<readonly ImportFile[]> {
  const paths = new Set<string>();
  for (const name of names) for (const path of await expand(name)) paths.add(path);
  const inOrder = [...paths].sort(new Intl.Collator('en', { numeric: true }).compare);
  return inOrder.map((path) => ({ path, format: format ?? formatByName(path) }));
}

async function expand(name: string): Promise<readonly string[]> {
  if (name === '-' || isThere(name)) return [name];
  const found: string[] = [];
  if (/[*?[{]/.test(name)) for await (const path of glob(name)) found.push(path);
  if (found.length > 0) return found;
  throw new RecollectError('FILE_UNREADABLE', `there is no file ${name}`);
}

function isThere(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) {
    throw new RecollectError('FILE_UNREADABLE', `${path} is a folder: name its files, such as '${path}/*.jsonl'`);
  }
  return stats !== undefined;
}

function formatByName(path: string): Format {
  const format = formatOf[extname(uncompressedName(path)).toLowerCase()];
  if (format !== undefined) return format;
  const what = path === '-' ? 'the standard input' : path;
  throw new RecollectError(
    'BAD_INPUT',
    `what form ${what} has is not to be seen: give --format ${formats.join(' or ')}`,
  );
}

/** The name without its folder and the ending of its compression. */
export function uncompressedName(path: string): string {
  const name = basename(path);
  const ending = extname(name);
  return decompressors[ending] === undefined ? name : name.slice(0, -ending.length);
}

/** The bytes of the file. Faults of the disk and of the compression come as FILE_UNREADABLE. */
export async function* bytesOf({ path }: ImportFile): AsyncGenerator<Buffer> {
  const bytes = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  const decompressor = decompressors[extname(path)]?.();
  // a fault of either stream ends both, and is thrown by the loop
  const stream = decompressor === undefined ? bytes : pipeline(bytes, decompressor, () => undefined);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    const advice = decompressor === undefined ? '' : '; the file is damaged or was cut off: copy it again';
    throw new RecollectError('FILE_UNREADABLE', `${path} could not be read: ${messageOf(error)}${advice}`, {
      cause: error,
    });
  }
}
