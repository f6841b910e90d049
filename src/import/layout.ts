/** How the text of a file is laid out: what the command says of it, else what its dialect or its name says. */
import { extname } from 'node:path';
import type { DialectName } from '../ingest/dialect.js';
import type { CsvForm } from './csv.js';
import type { FileOptions } from './options.js';
import { uncompressedName, type ImportFile } from './source.js';

export interface Layout extends CsvForm {
  /** null: by the byte order mark, else UTF-8 */
  readonly encoding: string | null;
  /** that of a file which is not all UTF-8; null: such a file is refused */
  readonly otherEncoding: string | null;
}

const plain: Layout = { encoding: null, otherEncoding: null, delimiter: null, columns: null, isQuoted: true };
const tabbed: Partial<Layout> = { delimiter: '\t', isQuoted: false };

/** MovieLens 1M and 10M: no names of columns, and 1M is Latin-1. */
const moviesDat: Partial<Layout> = { delimiter: '::', isQuoted: false, otherEncoding: 'latin1' };
const ratingColumns = ['userId', 'movieId', 'rating', 'timestamp'];
const movieColumns = ['movieId', 'title', 'genres'];

export function layoutOf(file: ImportFile, { of, dialect, encoding, delimiter, columns, quotes }: FileOptions): Layout {
  const ending = extname(uncompressedName(file.path)).toLowerCase();
  const layout = { ...plain, ...byName(ending, dialect, of) };
  return {
    encoding: encoding ?? layout.encoding,
    otherEncoding: encoding === undefined ? layout.otherEncoding : null,
    delimiter: delimiter?.replaceAll('\\t', '\t') ?? layout.delimiter,
    columns: columns?.split(',') ?? layout.columns,
    isQuoted: layout.isQuoted && quotes,
  };
}

function byName(ending: string, dialect: DialectName | undefined, of: FileOptions['of']): Partial<Layout> {
  if (dialect === 'movielens' && ending === '.dat') {
    return { ...moviesDat, columns: of === 'items' ? movieColumns : ratingColumns };
  }
  if (dialect === 'recbole') return tabbed;
  return ending === '.tsv' ? { delimiter: '\t' } : {};
}
