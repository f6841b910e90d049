/**
 * What items are beside their categories, from Postgres to the trainer's child: a line an item, of those that occur most. Vectors
 * travel as f32 in base64.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { DataSource } from 'typeorm';
import { readItemContent, type ItemContentRow } from '../../storage/item-content.store.js';
import { frequencies } from '../evaluation/transitions.js';
import type { SequenceLog } from '../log/sequences.js';

/** Text and vector by item id. */
export type ContentById = ReadonlyMap<string, { readonly text: string; readonly vector: Float32Array | null }>;

interface Line {
  readonly id: string;
  readonly text: string;
  readonly vector: string | null;
}

/** Bounds the file and the fit: what more items say of content changes little. */
const mostItems = 50_000;
const pageCount = 1_000;

/** Pages of the content of a log's items, those that occur most. */
export async function* contentOf(
  dataSource: DataSource,
  log: SequenceLog,
  signal: AbortSignal,
): AsyncGenerator<readonly ItemContentRow[]> {
  const ids = mostFrequent(log);
  for (let begin = 0; begin < ids.length; begin += pageCount) {
    signal.throwIfAborted();
    yield await readItemContent(dataSource.manager, ids.slice(begin, begin + pageCount));
  }
}

export async function writeContent(
  file: string,
  pages: AsyncIterable<readonly ItemContentRow[]> | Iterable<readonly ItemContentRow[]>,
): Promise<void> {
  await using handle = await open(file, 'w', 0o600);
  for await (const rows of pages) {
    const lines = rows
      .filter(({ text, vector }) => text !== '' || vector !== null)
      .map(({ id, text, vector }): Line => ({ id, text, vector: vector === null ? null : encoded(vector) }));
    await handle.writeFile(lines.map((line) => `${jsonLine(line)}\n`).join(''));
  }
}

export async function readContent(file: string): Promise<ContentById> {
  const content = new Map<string, { readonly text: string; readonly vector: Float32Array | null }>();
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const { vector, ...line } = JSON.parse(text) as Line;
    content.set(line.id, { text: line.text, vector: vector === null ? null : decoded(vector) });
  }
  return content;
}

/** JSON leaves two characters as they are that end a line for `readline`. */
function jsonLine(line: Line): string {
  return JSON.stringify(line).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function mostFrequent({ vocabulary, users }: SequenceLog): readonly string[] {
  const counts = frequencies(users, vocabulary.length);
  const rows = [...vocabulary.keys()].map((index) => index + 1);
  return rows
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0))
    .slice(0, mostItems)
    .map((row) => vocabulary[row - 1] ?? '');
}

function encoded(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}

function decoded(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}
