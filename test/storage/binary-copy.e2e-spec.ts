import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BinaryCopy } from '../../src/storage/binary-copy.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

describe('a copy in binary form', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase('binary_copy_spec');
    await database.dataSource.query(
      'CREATE TABLE copied (place integer, name text, number bigint, part float8, moment timestamptz, bytes bytea, more jsonb)',
    );
  });
  afterAll(async () => {
    await database.drop();
  });
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE copied');
  });

  const columns = ['place', 'name', 'number', 'part', 'moment', 'bytes', 'more'];
  const put = (copy: BinaryCopy, place: number, name: string | null, number: number): void => {
    copy.row();
    copy.integer(place);
    copy.text(name);
    copy.bigint(number);
    copy.null();
    copy.null();
    copy.null();
    copy.null();
  };

  it('holds texts of every script and length, whole numbers beyond 32 bits and below zero', async () => {
    const names = [
      'a',
      '',
      null,
      'Füße',
      'ends in 漢',
      '🙂',
      'tab\t, "quotes" and \\',
      'x'.repeat(200_000),
      `${'y'.repeat(140_000)}é`,
    ];
    const numbers = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 40), Number.MAX_SAFE_INTEGER, 7];
    await database.dataSource.transaction(async (tx) => {
      const copy = await BinaryCopy.start(tx, 'copied', columns);
      names.forEach((name, place) => {
        put(copy, place, name, numbers[place] ?? 0);
      });
      await copy.end();
      expect(await tx.query('SELECT name, number::float8 AS number FROM copied ORDER BY place')).toEqual(
        names.map((name, place) => ({ name, number: numbers[place] })),
      );
    });
  });

  it('holds fractions, instants before and after 2000, bytes and JSON', async () => {
    const moments = ['2026-11-26T12:34:56.789Z', '1999-12-31T23:59:59.999Z', '1969-07-20T20:17:40.001Z'];
    const bytes = Buffer.from([0, 255, 10, 92]);
    const more = { name: 'ü', list: [1, null] };
    await database.dataSource.transaction(async (tx) => {
      const copy = await BinaryCopy.start(tx, 'copied', columns);
      moments.forEach((moment, place) => {
        copy.row();
        copy.integer(place);
        copy.null();
        copy.null();
        copy.float(-2.5e300);
        copy.instant(Date.parse(moment));
        copy.binary(bytes);
        copy.json(more);
      });
      await copy.end();
    });
    expect(await database.dataSource.query('SELECT part, moment, bytes, more FROM copied ORDER BY place')).toEqual(
      moments.map((moment) => ({ part: -2.5e300, moment: new Date(moment), bytes, more })),
    );
  });

  it('keeps the order of rows over many chunks, and leaves the connection to others when it ends', async () => {
    await database.dataSource.transaction(async (tx) => {
      const copy = await BinaryCopy.start(tx, 'copied', columns);
      for (let place = 0; place < 20_000; place++) {
        put(copy, place, `name ${place}`, place);
        if (copy.isFull) await copy.send();
      }
      await copy.end();
      const [row] = await tx.query<[unknown]>(
        "SELECT count(*)::int AS count, bool_and(name = 'name ' || place AND number = place) AS same FROM copied",
      );
      expect(row).toEqual({ count: 20_000, same: true });
    });
  });

  it('tells what Postgres refuses when it ends', async () => {
    const copying = database.dataSource.transaction(async (tx) => {
      const copy = await BinaryCopy.start(tx, 'copied', columns);
      put(copy, 0, 'a NUL \0 is no text of Postgres', 0);
      await copy.end();
    });
    await expect(copying).rejects.toThrow(/invalid byte sequence/);
    expect(await database.dataSource.query('SELECT FROM copied')).toEqual([]);
  });

  it('leaves nothing where it is abandoned', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const copy = await BinaryCopy.start(runner.manager, 'copied', columns);
    put(copy, 0, 'a', 0);
    await copy.send();
    await copy.abandon();
    await runner.rollbackTransaction();
    await runner.release();
    expect(await database.dataSource.query('SELECT FROM copied')).toEqual([]);
  });
});
