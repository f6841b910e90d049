import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';
import { encodeState } from '../../src/model/user-state.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { liveNetwork } from '../service.js';
import { importInto } from './import-into.js';

const folder = mkdtempSync(join(tmpdir(), 'recollect-import-'));
const caseFile = (name: string): string => fileURLToPath(new URL(`cases/${name}`, import.meta.url));
let database: FreshDatabase;

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>;

beforeEach(async () => {
  database = await freshDatabase('import_spec');
});
afterEach(async () => {
  await database.drop();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const minute = (n: number): string => new Date(Date.UTC(2026, 3, 2, 8, n)).toISOString();
const view = (userId: string, itemId: string, at: number): Record<string, unknown> => ({
  userId,
  itemId,
  kind: 'view',
  occurredAt: minute(at),
});

function file(name: string, content: readonly object[] | string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, isRows(content) ? content.map((row) => `${JSON.stringify(row)}\n`).join('') : content);
  return path;
}

function isRows(content: readonly object[] | string | Buffer): content is readonly object[] {
  return Array.isArray(content);
}

const query = async <R>(sql: string): Promise<R[]> => database.dataSource.query(sql);
const logged = async (): Promise<{ userId: string; id: string; itemId: string; at: Date }[]> =>
  query('SELECT user_id AS "userId", id, item_id AS "itemId", occurred_at AS at FROM interaction ORDER BY arrival');
const itemsOf = async (userId: string): Promise<readonly string[]> =>
  (await logged()).filter((row) => row.userId === userId).map(({ itemId }) => itemId);
const counted = async (): Promise<number> =>
  Number((await query<{ sum: string }>('SELECT coalesce(sum(count), 0) AS sum FROM item_count'))[0]?.sum);
const memories = async (): Promise<{ userId: string; state: Buffer; applied: number }[]> =>
  query('SELECT user_id AS "userId", state, interactions_applied::int AS applied FROM user_memory ORDER BY user_id');

describe('an import', () => {
  it.each(['into an empty log', 'into a log with rows'])(
    'adds rows in the order of the file and counts them, %s',
    async (where) => {
      if (where === 'into a log with rows') await importInto(database, [file('before.jsonl', [view('other', 'z', 0)])]);
      const before = await counted();
      const rows = [view('u', 'b', 5), view('v', 'a', 5), view('u', 'a', 5), { ...view('u', 'c', 1), value: -2.5 }];
      const properties = { page: 'home', tags: ['ä', '\t"\\'] };
      rows.push({ ...view('ü\t\\N', 'd', 9), id: 'given', recommendationId: 'r-1', properties });
      const report = await importInto(database, [file('rows.jsonl', rows)]);
      expect(report).toMatchObject({ rows: 5, added: 5, duplicates: 0, refused: 0 });
      expect(await itemsOf('u')).toEqual(['b', 'a', 'c']);
      const [full] = await query(
        `SELECT item_id, kind, value, occurred_at, recommendation_id, properties FROM interaction WHERE id = 'given'`,
      );
      expect(full).toEqual({
        item_id: 'd',
        kind: 'view',
        value: null,
        occurred_at: new Date(minute(9)),
        recommendation_id: 'r-1',
        properties,
      });
      expect(await query(`SELECT value FROM interaction WHERE item_id = 'c'`)).toEqual([{ value: -2.5 }]);
      expect((await counted()) - before).toBe(5);
      expect(
        await query(
          `SELECT indexname FROM pg_indexes WHERE schemaname = current_schema AND tablename = 'interaction' ORDER BY 1`,
        ),
      ).toEqual(
        [
          'interaction_arrival',
          'interaction_pkey',
          'interaction_recommendation',
          'interaction_seen',
          'interaction_sequence',
        ].map((indexname) => ({
          indexname,
        })),
      );
    },
  );

  it.each([
    { id: 'one', itemId: 'a' },
    { id: 'one', itemId: 'b' },
  ])('tells of a repeated id whether it says the same, in an empty log as in the next import: %j', async (again) => {
    const rows = [{ ...view('u', 'a', 1), id: 'one' }, view('u', 'c', 2), { ...view('u', 'a', 1), ...again }];
    const path = file('twice.jsonl', rows);
    const verdict = again.itemId === 'a' ? 'DUPLICATE' : 'DUPLICATE_DIFFERS';
    const first = await importInto(database, [path]);
    expect(first).toMatchObject({ rows: 3, added: 2, duplicates: 1, notAdded: [{ file: path, line: 3, verdict }] });
    const second = await importInto(database, [path]);
    expect(second).toMatchObject({ rows: 3, added: 0, duplicates: 3 });
    expect(second.notAdded[2]).toEqual({ file: path, line: 3, verdict });
    expect(await itemsOf('u')).toEqual(['a', 'c']);
    expect(await counted()).toBe(2);
  });

  it('adds the good rows beside the refused ones and names their lines', async () => {
    const good = JSON.stringify(view('u', 'a', 1));
    const text = [good, '', 'not json', '[]', `{"userId":"u","itemId":"a","kind":"wave","occurredAt":"${minute(2)}"}`];
    const report = await importInto(database, [
      file('mixed.jsonl', `\ufeff${text.join('\r\n')}\r\n${good.replace('"a"', '"b"')}`),
    ]);
    expect(report).toMatchObject({ rows: 5, added: 2, refused: 3 });
    expect(report.notAdded.map(({ line, code }) => [line, code])).toEqual([
      [3, 'NOT_JSON'],
      [4, 'NOT_AN_OBJECT'],
      [5, 'UNKNOWN_KIND'],
    ]);
    expect(await itemsOf('u')).toEqual(['a', 'b']);
  });

  it('says what it would do without doing it', async () => {
    const path = file('dry.jsonl', [view('u', 'a', 1), view('u', 'b', 2), { ...view('u', 'c', 3), id: 'one' }]);
    const dryRun = true;
    expect(await importInto(database, [path], { dryRun })).toMatchObject({ added: 3, duplicates: 0 });
    expect(await logged()).toEqual([]);
    await importInto(database, [file('some.jsonl', [view('u', 'a', 1), { ...view('u', 'd', 3), id: 'one' }])]);
    const report = await importInto(database, [path], { dryRun });
    expect(report).toMatchObject({ added: 1, duplicates: 2 });
    expect(report.notAdded.map(({ line, verdict }) => [line, verdict])).toEqual([
      [1, 'DUPLICATE'],
      [3, 'DUPLICATE_DIFFERS'],
    ]);
    expect(await logged()).toHaveLength(2);
  });

  it('refuses a line without an end, and goes on behind it', async () => {
    const endless = `{"userId":"${'x'.repeat(3_000_000)}"}`;
    const report = await importInto(database, [
      file('endless.jsonl', `${endless}\n${JSON.stringify(view('u', 'a', 1))}`),
    ]);
    expect(report).toMatchObject({ added: 1, refused: 1, notAdded: [{ line: 1, code: 'NOT_JSON' }] });
  });

  it.each(['gz', 'zst'])(
    'reads what is compressed as .%s, and writes nothing of a file that was cut off',
    async (ending) => {
      const text = Buffer.from(JSON.stringify(view('u', 'a', 1)));
      const bytes = ending === 'gz' ? gzipSync(text) : zstdCompressSync(text);
      expect(await importInto(database, [file(`whole.jsonl.${ending}`, bytes)])).toMatchObject({ added: 1 });
      const cut = importInto(database, [
        file('a.jsonl', [view('u', 'b', 1)]),
        file(`cut.jsonl.${ending}`, bytes.subarray(0, -6)),
      ]);
      await expect(cut).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
      expect(await itemsOf('u')).toEqual(['a']);
    },
  );
});

describe('an import of Parquet', () => {
  const times = [1, 2, 3].map((n) => new Date(minute(n)));
  const columns = [
    { name: 'userId', data: [653247040368672768n, 653247040368672771n, 42n], type: 'INT64' },
    { name: 'itemId', data: ['a', 'ö', 'c'], type: 'STRING' },
    { name: 'kind', data: ['view', 'view', 'view'], type: 'STRING' },
    { name: 'value', data: [0.5, null, 2], type: 'DOUBLE' },
    { name: 'occurredAt', data: times, type: 'TIMESTAMP' },
  ] satisfies ColumnSource[];

  it.each(['SNAPPY', 'GZIP', 'ZSTD'] as const)(
    'reads all row groups, with %s, and no 64-bit id is rounded',
    async (codec) => {
      const compressors = {
        GZIP: (data: Uint8Array) => gzipSync(data),
        ZSTD: (data: Uint8Array) => zstdCompressSync(data),
      };
      const bytes = Buffer.from(parquetWriteBuffer({ columnData: columns, codec, compressors, rowGroupSize: 2 }));
      expect(await importInto(database, [file('rows.parquet', bytes)])).toMatchObject({
        rows: 3,
        added: 3,
        refused: 0,
      });
      expect((await logged()).map(({ userId, itemId, at }) => [userId, itemId, at])).toEqual([
        ['653247040368672768', 'a', times[0]],
        ['653247040368672771', 'ö', times[1]],
        ['42', 'c', times[2]],
      ]);
      expect(await query('SELECT value FROM interaction ORDER BY arrival')).toEqual(
        [0.5, null, 2].map((value) => ({ value })),
      );
    },
  );

  it('refuses a time without a zone, and what is no Parquet before it writes', async () => {
    const local = {
      name: 'occurredAt',
      type: 'INT64',
      repetition_type: 'REQUIRED',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
    } as const;
    const schema: Schema = [
      { name: 'root', num_children: 4 },
      ...['userId', 'itemId', 'kind'].map((name): Schema[number] => ({
        name,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        repetition_type: 'REQUIRED',
      })),
      local,
    ];
    const columnData = [
      { name: 'userId', data: ['u'] },
      { name: 'itemId', data: ['a'] },
      { name: 'kind', data: ['view'] },
      { name: 'occurredAt', data: [BigInt(Date.UTC(2026, 3, 2)) * 1000n] },
    ];
    const bytes = Buffer.from(parquetWriteBuffer({ columnData, schema }));
    const report = await importInto(database, [file('local.parquet', bytes)]);
    expect(report.notAdded).toMatchObject([
      { line: 1, code: 'INVALID_TIME', message: expect.stringContaining('no zone') },
    ]);
    const cut = importInto(database, [file('a.jsonl', [view('u', 'a', 1)]), file('cut.parquet', bytes.subarray(9))]);
    await expect(cut).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(await logged()).toEqual([]);
  });
});

describe('an import under a live model', () => {
  it('makes the memories that one step for each interaction in order makes, of a file without order', async () => {
    await database.drop();
    database = await freshDatabase('import_spec', { RECOLLECT_INGEST_BATCH_COUNT: '2' }); // so that rows come late
    const network = await liveNetwork(database, ['a', 'b', 'c', 'd']);
    const rows = [view('u', 'd', 9), view('v', 'a', 1), view('u', 'a', 1), view('u', 'c', 5), view('u', 'b', 5)];
    await importInto(database, [file('unsorted.jsonl', rows)]);
    const state = (items: readonly string[]): Buffer =>
      encodeState(network.trace(items.map((id) => network.vocabulary.rowOf(id))).state);
    expect(await memories()).toEqual([
      { userId: 'u', state: state(['a', 'c', 'b', 'd']), applied: 4 },
      { userId: 'v', state: state(['a']), applied: 1 },
    ]);
  });

  it('makes the same memories of the same parts in any order, with equal times (M05)', async () => {
    const events = Array.from({ length: 300 }, (_, n) => view(`u${n % 7}`, `i${(n * 31) % 11}`, Math.floor(n / 20)));
    const parts = [file('part-10.jsonl', events.slice(150)), file('part-2.jsonl', events.slice(0, 150))];
    const made = [];
    for (const names of [[join(folder, 'part-*.jsonl')], parts, parts.toReversed()]) {
      await database.drop();
      database = await freshDatabase('import_spec');
      await liveNetwork(database, ['i1', 'i2', 'i3', 'i4']);
      expect(await importInto(database, names)).toMatchObject({ rows: 300, added: 300 });
      made.push({ log: await logged(), memories: await memories() });
    }
    expect(made[0]?.memories).toHaveLength(7);
    expect(made[1]).toEqual(made[0]);
    expect(made[2]).toEqual(made[0]);
  });
});

describe('cases from real life', () => {
  it('F01: reads a spreadsheet with a byte order mark, CRLF, quotes and a blank line, as validate does', async () => {
    const path = caseFile('f01-personalize-bom-crlf.csv');
    const valid = await importInto(database, [path], { dryRun: true });
    expect(await logged()).toEqual([]);
    const report = await importInto(database, [path]);
    expect(report).toEqual({ rows: 4, added: 4, duplicates: 0, refused: 0, notAdded: [] });
    expect(valid).toEqual(report);
    expect(await itemsOf('u-101')).toEqual(['lamp-7', 'desk, oak']);
    expect((await logged())[0]?.at.toISOString()).toBe('2026-02-02T02:40:00.000Z');
    expect(await query('SELECT value FROM interaction ORDER BY arrival')).toEqual(
      [null, 1, 2, null].map((value) => ({ value })),
    );
  });

  it('F01: tells the delimiter by the first line, and the line of each row', async () => {
    const header = 'userId;itemId;kind;occurredAt;value';
    const time = '2026-04-02T08:00:00Z';
    const rows = [`u;"a;\n""b""";view;${time};1,5`, '', `u;c;view;${time};-2e1`, `u;d;view;${time}`];
    const report = await importInto(database, [file('other.csv', [header, ...rows].join('\r\n'))]);
    expect(report.notAdded.map(({ line, code }) => [line, code])).toEqual([
      [2, 'INVALID_VALUE'],
      [6, 'INVALID_VALUE'],
    ]);
    expect(await query('SELECT item_id, value FROM interaction')).toEqual([{ item_id: 'c', value: -20 }]);
  });

  it.each([
    ['a quote that is not closed', 'userId,itemId\n"u,a\nv,b\n', /Quote Not Closed/],
    ['a column that is named twice', 'userId,userId\nu,a\n', /"userId" twice/],
  ])('F01: ends at %s, before it writes', async (_, text, message) => {
    const broken = importInto(database, [file('broken.csv', text)]);
    await expect(broken).rejects.toMatchObject({ code: 'FILE_UNREADABLE', message: expect.stringMatching(message) });
    expect(await logged()).toEqual([]);
    expect(await importInto(database, [file('good.jsonl', [view('u', 'a', 1)])])).toMatchObject({ added: 1 });
  });

  it('F04: reads the Latin-1 list of MovieLens 1M, and never stores a replacement mark', async () => {
    const path = caseFile('f04-movies-latin1.dat');
    const options = { of: 'items', dialect: 'movielens' } as const;
    await expect(importInto(database, [path], { ...options, encoding: 'utf-8' })).rejects.toMatchObject({
      code: 'WRONG_ENCODING',
      message: expect.stringMatching(/line 1 .*--encoding/),
    });
    const items = async (): Promise<unknown> => query('SELECT id, title, categories FROM item ORDER BY id');
    expect(await items()).toEqual([]);
    expect(await importInto(database, [path], options)).toMatchObject({ added: 4, refused: 0 });
    const films = [
      { id: '9001', title: 'Café de la Gare (1997)', categories: ['Comedy', 'Drama'] },
      { id: '9002', title: 'Señora Ibáñez (1988)', categories: ['Drama'] },
      { id: '9003', title: 'Plain Title (2001)', categories: ['Action'] },
      { id: '9004', title: 'Colons: a Story (1999)', categories: ['Drama', "Children's"] },
    ];
    expect(await items()).toEqual(films);
    const utf8 = file(
      'movies.dat',
      films.map(({ id, title, categories }) => `${id}::${title}::${categories.join('|')}\n`).join(''),
    );
    expect(await importInto(database, [utf8], options)).toMatchObject({ added: 0, duplicates: 4 });
  });

  it.each([
    ['UTF-8', 'good\nligne à lire\n', 'latin1', 2],
    ['UTF-8', `${'x'.repeat(300_000)}\n${'y\n'.repeat(200_000)}é`, 'latin1', 200_002],
  ])('F04: names the line that is not %s, wherever it is', async (_, text, encoding, line) => {
    const path = file('latin1.jsonl', Buffer.from(text, encoding as 'latin1'));
    await expect(importInto(database, [path])).rejects.toMatchObject({
      code: 'WRONG_ENCODING',
      message: expect.stringContaining(`line ${line} is not utf-8`),
    });
  });

  it('F04: reads UTF-16 by its mark', async () => {
    const text = Buffer.from(`\ufeff${JSON.stringify(view('u', 'é', 1))}`, 'utf16le');
    expect(await importInto(database, [file('utf16.jsonl', text)])).toMatchObject({ added: 1 });
    expect(await itemsOf('u')).toEqual(['é']);
  });

  it("F13: takes Gorse's zero times and nulls for what is not there, and keeps hidden what is hidden", async () => {
    const of = 'items' as const;
    const catalogue = await importInto(database, [caseFile('f13-gorse-items.jsonl')], { of, dialect: 'gorse' });
    expect(catalogue).toMatchObject({ rows: 4, added: 3, refused: 1, notAdded: [{ line: 4, code: 'INVALID_ID' }] });
    const [chair, desk, lamp] = await query<{ available: boolean; at: Date }>(
      'SELECT id, title, available, categories, properties, created_at AS at, expires_at FROM item ORDER BY id',
    );
    expect(chair).toMatchObject({
      id: 'shop:chair',
      title: 'Chair',
      available: true,
      properties: { labels: ['wood', 'oak'] },
    });
    expect(Date.now() - (chair?.at.getTime() ?? 0)).toBeLessThan(60_000); // when it was made here
    expect(desk).toMatchObject({ id: 'shop:desk', available: false, categories: [], properties: {}, expires_at: null });
    expect(lamp).toMatchObject({ at: new Date('2026-02-01T09:30:00.123Z'), title: 'Lamp <seven>' });
    expect(await importInto(database, [caseFile('f13-gorse-items.jsonl')], { of })).toMatchObject({
      added: 0,
      duplicates: 3,
    });

    const users = [caseFile('f13-gorse-users.jsonl')];
    expect(await importInto(database, users, { of: 'users' })).toMatchObject({ added: 2, refused: 0 });
    expect(await importInto(database, users, { of: 'users' })).toMatchObject({ added: 0, duplicates: 2 });
    expect(await query('SELECT id, properties FROM user_profile ORDER BY id')).toEqual([
      { id: 'ann', properties: { city: 'Oslo' } },
      { id: 'bob', properties: {} },
    ]);

    const feedback = caseFile('f13-gorse-feedback.jsonl');
    const strict = await importInto(database, [feedback], { dialect: 'gorse' });
    expect(strict.notAdded.map(({ line, code }) => [line, code])).toEqual([
      [1, 'UNKNOWN_KIND'],
      [3, 'UNKNOWN_KIND'],
      [4, 'UNKNOWN_KIND'],
    ]);
    expect(strict.notAdded[0]?.message).toContain('--map-kind');
    const mapped = await importInto(database, [feedback], { mapKind: 'read=view,star=rating' });
    expect(mapped).toMatchObject({
      added: 2,
      duplicates: 1,
      refused: 1,
      notAdded: [{ line: 3, code: 'MISSING_FIELD' }, { line: 2 }],
    });
    expect((await logged()).map(({ userId, itemId }) => [userId, itemId])).toEqual([
      ['ann', 'shop:desk'],
      ['ann', 'shop:lamp/7'],
      ['cid', 'shop:gone'],
    ]);
  });

  it.each([
    ['ratings.dat', '7::9001::4.5::1770000000\n8::9002::1::1770000060\n', 'movielens'],
    ['ratings.csv', 'userId,movieId,rating,timestamp\n7,9001,4.5,1770000000\n8,9002,1,1770000060', 'movielens'],
    [
      'ml.inter',
      'user_id:token\titem_id:token\trating:float\ttimestamp:float\n7\t9001\t4.5\t1.77E9\n8\t9002\t1\t1770000060\n',
      'recbole',
    ],
  ] as const)('reads the ratings of public data sets: %s', async (name, text, dialect) => {
    expect(await importInto(database, [file(name, text)], { dialect })).toMatchObject({ added: 2, refused: 0 });
    expect(await query('SELECT user_id, item_id, kind, value, occurred_at FROM interaction ORDER BY arrival')).toEqual([
      { user_id: '7', item_id: '9001', kind: 'rating', value: 4.5, occurred_at: new Date(1_770_000_000_000) },
      { user_id: '8', item_id: '9002', kind: 'rating', value: 1, occurred_at: new Date(1_770_000_060_000) },
    ]);
  });

  it('F06: refuses numbers that JSON has rounded and never merges two users', async () => {
    const report = await importInto(database, [caseFile('f06-big-ids.jsonl')]);
    expect(report.notAdded.map(({ line, code, field }) => [line, code, field])).toEqual(
      [1, 2, 6].map((line) => [line, 'INVALID_ID', 'userId']),
    );
    expect((await logged()).map(({ userId, itemId }) => [userId, itemId])).toEqual([
      ['653247040368672771', 'i3'],
      ['42', '17'],
      ['42', '17'],
    ]);
  });

  it('F12: keeps two equal rows two, however often and with whatever around them they come', async () => {
    const short = caseFile('f12-no-ids.csv');
    expect(await importInto(database, [short])).toMatchObject({ added: 8, duplicates: 0 });
    for (let again = 0; again < 2; again++) {
      expect(await importInto(database, [short])).toMatchObject({ added: 0, duplicates: 8 });
      expect(await itemsOf('r1')).toEqual(['song-1', 'song-1', 'song-2', 'song-1']);
    }
    const longer = await importInto(database, [caseFile('f12-no-ids-appended.csv')]);
    expect(longer).toMatchObject({ added: 2, duplicates: 8 });
    expect(await logged()).toHaveLength(10);
    expect(await counted()).toBe(10);
  });

  it('F12: finds the rows of a CSV again as JSON lines', async () => {
    await importInto(database, [caseFile('f12-no-ids.csv')]);
    const rows = [view('r1', 'song-1', 0), view('r1', 'song-1', 0), view('r1', 'song-1', 0)];
    expect(await importInto(database, [file('same.jsonl', rows)])).toMatchObject({ added: 1, duplicates: 2 });
  });
});
