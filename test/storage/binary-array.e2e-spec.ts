import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bigintArray,
  dayArray,
  floatArray,
  instantArray,
  jsonArray,
  textArray,
} from '../../src/storage/binary-array.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

describe('arrays in binary form', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase('binary_array_spec');
  });
  afterAll(async () => {
    await database.drop();
  });

  /** The elements as Postgres writes them. */
  const read = async (type: string, array: Buffer): Promise<readonly (string | null)[]> => {
    const rows: { element: string | null }[] = await database.dataSource.query(
      `SELECT element::text FROM unnest($1::${type}[]) WITH ORDINALITY AS a(element, place) ORDER BY place`,
      [array],
    );
    return rows.map(({ element }) => element);
  };

  it('hold texts of every script, the empty one and nulls', async () => {
    const texts = ['a', '', null, 'Füße', '漢字', '🙂', 'with "quotes", \\ and {braces}', 'NULL', 'x'.repeat(3_000)];
    expect(await read('text', textArray(texts))).toEqual(texts);
  });

  it('may be empty', async () => {
    expect(await read('text', textArray([]))).toEqual([]);
    expect(await read('bigint', bigintArray([]))).toEqual([]);
  });

  it('hold whole numbers beyond 32 bits and below zero', async () => {
    const numbers = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 40), Number.MAX_SAFE_INTEGER, null];
    expect(await read('bigint', bigintArray(numbers))).toEqual(numbers.map((one) => one?.toString() ?? null));
  });

  it('hold numbers with a fraction', async () => {
    expect(await read('float8', floatArray([0.1, -2.5, 1e300, null]))).toEqual(['0.1', '-2.5', '1e+300', null]);
  });

  it('hold instants to the millisecond, before 2000 and before 1970 too', async () => {
    const times = ['2026-11-26T12:34:56.789Z', '1999-12-31T23:59:59.999Z', '1969-07-20T20:17:40.001Z'];
    const found = await read('timestamptz', instantArray([...times.map(Date.parse), null]));
    expect(found).toEqual([...times.map((time) => time.replace('T', ' ').replace('Z', '+00')), null]);
  });

  it('hold the day of an instant, by UTC', async () => {
    const times = [
      '2026-11-26T00:00:00.000Z',
      '2026-11-25T23:59:59.999Z',
      '1999-12-31T23:00:00Z',
      '1969-12-31T01:00:00Z',
    ];
    expect(await read('date', dayArray(times.map(Date.parse)))).toEqual(times.map((time) => time.slice(0, 10)));
  });

  it('hold JSON', async () => {
    const texts = ['{"a": [1, "ü"]}', 'null', null];
    expect(await read('jsonb', jsonArray(texts))).toEqual(texts);
  });
});
