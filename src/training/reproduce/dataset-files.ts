/**
 * How the files of public data sets are read. Interactions, always oldest first:
 *
 *   users        user item item ... a line
 *   pairs        user item a line, a user's lines together
 *   sessions     item item ... a line; the training sessions and then the test sessions, each a file; the time of a session is its place
 *
 * and attributes of the items: a JSON object item -> [attribute], or MovieLens' films, whose attributes are their genres and the
 * decade of their year. Files that end in .gz are unpacked.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, RecollectError } from '../../errors.js';
import { SequenceCollector, type SequenceLog } from '../log/sequences.js';

export type InteractionFiles =
  | { readonly form: 'users' | 'pairs'; readonly file: string }
  | { readonly form: 'sessions'; readonly training: string; readonly test: string; readonly testSessions: number };

export type AttributeFiles =
  | { readonly form: 'json'; readonly file: string }
  /** `items`: the set's item and the film's id a line */
  | { readonly form: 'films'; readonly file: string; readonly items: string };

type Attributes = ReadonlyMap<string, readonly string[]>;

export async function readInteractions(
  folder: string,
  files: InteractionFiles,
  attributes: AttributeFiles | null,
): Promise<SequenceLog> {
  const names = attributes === null ? null : await readAttributes(folder, attributes);
  const collector = new SequenceCollector();
  switch (files.form) {
    case 'users':
      for (const [, ...items] of await readLines(folder, files.file)) collectSequence(collector, items);
      break;
    case 'pairs':
      collectPairs(collector, await readLines(folder, files.file));
      break;
    case 'sessions':
      await collectSessions(collector, folder, files);
      break;
  }
  return collector.finish((item) => names?.get(item) ?? []);
}

function collectSequence(collector: SequenceCollector, items: readonly string[], occurredAt = 0): void {
  for (const item of items) collector.add(item, { occurredAt });
  collector.endUser();
}

function collectPairs(collector: SequenceCollector, lines: readonly (readonly string[])[]): void {
  let current: string | undefined;
  for (const [user, item] of lines) {
    if (user !== current) collector.endUser();
    current = user;
    if (item !== undefined) collector.add(item);
  }
}

async function collectSessions(
  collector: SequenceCollector,
  folder: string,
  { training, test, testSessions }: Extract<InteractionFiles, { form: 'sessions' }>,
): Promise<void> {
  const trained = await readLines(folder, training);
  const tested = await readLines(folder, test);
  if (tested.length !== testSessions) {
    const found = `${tested.length} sessions, the published split has ${testSessions}`;
    throw new RecollectError('BAD_INPUT', `${join(folder, test)} has ${found}; use the files of that split`);
  }
  [...trained, ...tested].forEach((items, session) => {
    collectSequence(collector, items, session);
  });
}

async function readAttributes(folder: string, attributes: AttributeFiles): Promise<Attributes> {
  const text = await readText(folder, attributes.file, attributes.form === 'films' ? 'latin1' : 'utf8');
  switch (attributes.form) {
    case 'json': {
      const lists = JSON.parse(text) as Readonly<Record<string, readonly number[]>>;
      return new Map(Object.entries(lists).map(([item, ids]) => [item, ids.map(String)]));
    }
    case 'films': {
      const films = filmAttributes(text);
      const items = await readLines(folder, attributes.items);
      return new Map(items.map(([item = '', film = '']) => [item, films.get(film) ?? []]));
    }
  }
}

/** Of lines `id::title (year)::genre|genre`. */
function filmAttributes(text: string): Attributes {
  const films = text.split(/\r?\n/).filter((line) => line !== '');
  return new Map(
    films.map((line) => {
      const [id = '', title = '', genres = ''] = line.split('::');
      const decade = /\((\d{3})\d\)\s*$/.exec(title)?.[1];
      return [id, [...genres.split('|'), ...(decade === undefined ? [] : [`${decade}0s`])]];
    }),
  );
}

/** The words of each line that has any. */
async function readLines(folder: string, file: string): Promise<readonly (readonly string[])[]> {
  const lines = (await readText(folder, file, 'utf8')).split(/\r?\n/);
  return lines.filter((line) => line !== '').map((line) => line.split(' '));
}

async function readText(folder: string, file: string, encoding: BufferEncoding): Promise<string> {
  const path = join(folder, file);
  try {
    const bytes = await readFile(path);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(encoding);
  } catch (error) {
    throw new RecollectError(
      'BAD_INPUT',
      `${path} can not be read (${messageOf(error)}); --data names the folder with ${file}`,
    );
  }
}
