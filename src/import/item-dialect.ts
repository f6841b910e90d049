/**
 * A row of another recommender's catalogue -> the fields of an item. A dialect must be named, but for the two whose name of the id nobody
 * else has. What has no place of its own goes into the properties under its own name.
 *
 * - Amazon Personalize: the dataset Items; CREATION_TIMESTAMP counts seconds, categories are separated by |.
 * - Gorse: Go writes a missing time as the year 1 and a missing list as null; the comment is what people read, so the title.
 * - Metarank: events of the kind `item` with named values.
 * - MovieLens, RecBole: one row an item; RecBole's names are those of its atomic files, without their types.
 */
import { isObject } from '../ingest/fields.js';
import { RecollectError } from '../errors.js';
import type { DialectName } from '../ingest/dialect.js';
import { secondsToMs } from '../model/instant.js';

type Fields = Readonly<Record<string, unknown>>;

const dialects: Partial<Record<DialectName, (fields: Fields) => Fields>> = {
  personalize: ({
    ITEM_ID,
    CREATION_TIMESTAMP,
    CATEGORY_L1,
    CATEGORY_L2,
    CATEGORY_L3,
    GENRES,
    TITLE,
    ...properties
  }) => ({
    id: ITEM_ID,
    title: TITLE,
    categories: [CATEGORY_L1, CATEGORY_L2, CATEGORY_L3, GENRES].flatMap(split),
    createdAt: fromSeconds(CREATION_TIMESTAMP, 'CREATION_TIMESTAMP'),
    properties,
  }),
  gorse: ({ ItemId, IsHidden, Categories, Timestamp, Labels, Comment }) => ({
    id: ItemId,
    title: Comment === '' ? null : Comment,
    categories: Categories,
    available: typeof IsHidden === 'boolean' ? !IsHidden : (IsHidden ?? true),
    createdAt: typeof Timestamp === 'string' && Timestamp.startsWith('0001-01-01T00:00:00') ? null : Timestamp,
    properties: Array.isArray(Labels) ? { labels: Labels as unknown[] } : Labels,
  }),
  metarank: ({ event, item, id: _, timestamp: __, fields, ...others }) => {
    if (event !== undefined && event !== 'item')
      throw new RecollectError('INVALID_VALUE', 'event is another one than item', { field: 'event' });
    const named = (Array.isArray(fields) ? fields : []) as readonly {
      readonly name: string;
      readonly value: unknown;
    }[];
    return {
      id: item,
      properties: { ...Object.fromEntries(named.map(({ name, value }) => [name, value])), ...others },
    };
  },
  recombee: ({ itemId, ...properties }) => ({ id: itemId, properties }),
  movielens: ({ movieId, title, genres, ...properties }) => ({
    id: movieId,
    title,
    categories: genres === '(no genres listed)' ? [] : split(genres),
    properties,
  }),
  recbole: ({ item_id, movie_title, title = movie_title, class: classes, ...properties }) => ({
    id: item_id,
    title,
    categories: typeof classes === 'string' ? classes.split(' ') : [],
    properties,
  }),
};

/** A name of the id that one dialect alone has. */
const idNames: readonly (readonly [string, DialectName])[] = [
  ['ITEM_ID', 'personalize'],
  ['ItemId', 'gorse'],
];

export function itemOf(row: unknown, dialect?: DialectName): unknown {
  if (!isObject(row)) return row;
  const spoken = dialect ?? idNames.find(([name]) => Object.hasOwn(row, name))?.[1];
  const translate = spoken === undefined ? undefined : dialects[spoken];
  return translate === undefined ? row : translate(row);
}

function split(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return typeof value === 'string' ? value.split('|') : [value];
}

function fromSeconds(value: unknown, name: string): unknown {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' ? secondsToMs(seconds, name) : value;
}
