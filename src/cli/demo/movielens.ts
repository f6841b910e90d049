/** MovieLens ml-latest-small as it lies in the repository: films for the catalogue, ratings as interactions in order of time. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';

export interface Film {
  readonly id: string;
  readonly title: string;
  readonly categories: readonly string[];
  readonly properties: { readonly year?: number };
}

export interface Rating {
  readonly id: string;
  readonly userId: string;
  readonly itemId: string;
  readonly kind: 'rating';
  readonly value: number;
  readonly occurredAt: string;
}

/** Found beside the sources, from the compiled file as well as from the source. */
const folder = new URL(
  import.meta.url.includes('/dist/src/')
    ? '../../../../src/embedded/ml-latest-small/'
    : '../../embedded/ml-latest-small/',
  import.meta.url,
);

function rowsOf(file: string): readonly Record<string, string>[] {
  return parse(gunzipSync(readFileSync(new URL(file, folder))), { columns: true, skip_empty_lines: true });
}

function field(row: Record<string, string>, name: string): string {
  const text = row[name];
  if (text === undefined) throw new Error(`a row of MovieLens has no ${name}`);
  return text;
}

/** 9,742 films; the year leaves the title's end and becomes a property. */
export function readFilms(): readonly Film[] {
  return rowsOf('movies.csv.gz').map((row) => {
    const [, title = field(row, 'title'), year] = /^(.*\S)\s*\((\d{4})\)\s*$/.exec(field(row, 'title')) ?? [];
    const genres = field(row, 'genres');
    return {
      id: field(row, 'movieId'),
      title,
      categories: genres === '(no genres listed)' ? [] : genres.split('|'),
      properties: year === undefined ? {} : { year: Number(year) },
    };
  });
}

/** 100,836 ratings, oldest first; equal times keep the order of the file. */
export function readRatings(): readonly Rating[] {
  return rowsOf('ratings.csv.gz')
    .map((row) => ({ row, seconds: Number(field(row, 'timestamp')) }))
    .sort((a, b) => a.seconds - b.seconds)
    .map(({ row, seconds }) => ({
      id: `ml-${field(row, 'userId')}-${field(row, 'movieId')}`,
      userId: field(row, 'userId'),
      itemId: field(row, 'movieId'),
      kind: 'rating',
      value: Number(field(row, 'rating')),
      occurredAt: new Date(seconds * 1000).toISOString(),
    }));
}
