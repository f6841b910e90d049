import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { describeWithBroker, testIngestion, until, type Kept, type Sent, type TestIngestion } from '../service.js';
import { IngestProcess } from './ingest-process.js';

const megabyte = 1_048_576;
const fields = { userId: 'ula', itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
const event = (more: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...fields, ...more });
/** Put into an event as it is: what no JSON.stringify would write. */
const raw = (field: string, json: string): string => `${event({ id: 'raw' }).slice(0, -1)},"${field}":${json}}`;
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const headersOf = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`header-${n}`, 'x']));

/** What is sent, by name, and the code that it is refused with; null: it is applied. */
const hostile: readonly (readonly [string, Sent['value'], string | null])[] = [
  ['20 MB in a property', event({ id: 'x', properties: { a: 'x'.repeat(20 * megabyte) } }), 'INVALID_PROPERTIES'],
  ['20 MB of an id', event({ id: 'x'.repeat(20 * megabyte) }), 'INVALID_ID'],
  ['20 MB of blanks', ' '.repeat(20 * megabyte), 'NOT_JSON'],
  ['5 MB of a time', event({ id: 'x', occurredAt: '1'.repeat(5 * megabyte) }), 'INVALID_TIME'],
  ['a field whose name has 5 MB', event({ id: 'x', ['x'.repeat(5 * megabyte)]: 1 }), 'UNKNOWN_FIELD'],
  ['100,000 levels of objects', raw('properties', deep(100_000)), 'INVALID_PROPERTIES'],
  ['100,000 levels of lists', '['.repeat(100_000) + ']'.repeat(100_000), 'NOT_AN_OBJECT'],
  ['100,000 levels without an end', '['.repeat(100_000), 'NOT_JSON'],
  ['100,000 levels as a value', raw('value', `${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'INVALID_VALUE'],
  [
    '500,000 fields',
    event(Object.fromEntries(Array.from({ length: 500_000 }, (_, n) => [`f${n}`, 1]))),
    'UNKNOWN_FIELD',
  ],
  ['__proto__ as a field', raw('__proto__', '{"kind":"click"}'), 'UNKNOWN_FIELD'],
  ['constructor as a field', raw('constructor', '{"prototype":{"kind":"click"}}'), 'UNKNOWN_FIELD'],
  ['__proto__ instead of the fields', '{"__proto__":{"userId":"ula","itemId":"a"}}', 'UNKNOWN_FIELD'],
  ['a kind that every object has', event({ id: 'x', kind: 'constructor' }), 'UNKNOWN_KIND'],
  ['NUL in a user id', event({ id: 'x', userId: 'u\0' }), 'INVALID_ID'],
  ['NUL in a field name', event({ id: 'x', 'a\0b': 1 }), 'UNKNOWN_FIELD'],
  ['half a surrogate pair in an item id', raw('itemId', '"\\ud83d"'), 'INVALID_ID'],
  ['half a surrogate pair in a field name', raw('\\udc00', '1'), 'UNKNOWN_FIELD'],
  ['half a surrogate pair in a property', raw('properties', '{"a":"\\ud800"}'), 'INVALID_PROPERTIES'],
  ['a number without end', raw('value', `1${'0'.repeat(megabyte)}`), 'INVALID_VALUE'],
  ['names of JavaScript in properties', raw('properties', '{"__proto__":{"a":1},"constructor":{"b":2}}'), null],
  ['600 levels in properties', raw('properties', deep(600)), null],
  ['an emoji of many code points', event({ id: 'emoji', itemId: '👩‍👩‍👧‍👦'.repeat(20) }), null],
];

describeWithBroker('hostile messages', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let ingest: IngestProcess;
  beforeAll(async () => {
    ingestion = await testIngestion('hostile_spec', {}, { 'max.message.bytes': String(32 * megabyte) });
    topic = ingestion.topics.interactions;
    ingest = new IngestProcess(ingestion.settings);
    await until(async () => Promise.resolve(ingest.log.includes('joined the consumer group')), 60_000);
  }, 90_000);
  afterAll(async () => {
    await ingest.stop();
    await ingestion.close();
  });

  const logged = async (user: string): Promise<readonly { id: string; properties: unknown }[]> =>
    ingestion.database.dataSource.query('SELECT id, properties FROM interaction WHERE user_id = $1 ORDER BY arrival', [
      user,
    ]);
  const letters = async (of = topic): Promise<ReadonlyMap<string, Kept>> =>
    new Map((await ingestion.read(`${of}.dlt`)).map((letter) => [String(letter.headers?.test), letter]));
  const header = (letter: Kept | undefined, name: string): string | undefined =>
    letter?.headers?.[`recollect-${name}`]?.toString();
  /** Of the messages that the dead-letter topic takes. */
  const limit = async (bytes: number): Promise<void> => {
    const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${topic}.dlt`, configEntries };
    await ingestion.admin.alterConfigs({ validateOnly: false, resources: [resource] });
  };
  const isUnhurt = (): void => {
    expect(ingest.exitCode).toBeNull();
    expect(ingest.log).not.toMatch(/the Kafka consumer failed|the consumer hangs|a partition is stopped/);
  };

  it('end as dead letters with their reasons, or are stored as what they are; good ones between them are applied', async () => {
    for (const [n, [name, value]] of hostile.entries()) {
      const beside = JSON.stringify({ ...fields, id: `beside-${n}`, userId: 'bea' });
      await ingestion.send(topic, [{ key: 'ula', value: named(value, n), headers: { test: name } }]);
      await ingestion.send(topic, [{ key: 'ula', value: beside }]);
    }
    await ingestion.untilConsumed(120_000);
    expect(await logged('bea')).toHaveLength(hostile.length);
    const kept = await letters();
    for (const [n, [name, value, code]] of hostile.entries()) {
      expect([name, header(kept.get(name), 'code')]).toEqual([name, code ?? undefined]);
      if (code !== null)
        expect([name, kept.get(name)?.value?.equals(Buffer.from(named(value, n)))]).toEqual([name, true]);
    }
    expect((await logged('ula')).map(({ properties }) => JSON.stringify(properties))).toEqual([
      '{"__proto__":{"a":1},"constructor":{"b":2}}',
      deep(600),
      'null',
    ]);
    isUnhurt();
  }, 180_000);

  it('that are too large for the dead-letter topic are found there all the same, cut off', async () => {
    await limit(megabyte);
    const value = 'y'.repeat(3 * megabyte);
    await ingestion.send(topic, [{ key: 'ula', value, headers: { test: 'cut' } }]);
    await ingestion.untilConsumed();
    const letter = (await letters()).get('cut');
    expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(['ula', 'y'.repeat(65_536)]);
    expect(header(letter, 'omitted-bytes')).toBe(String(3 * megabyte - 65_536));
    expect(header(letter, 'code')).toBe('NOT_JSON');
    const partition = Number(header(letter, 'partition'));
    const source = (await ingestion.read(topic)).find(({ headers }) => String(headers?.test) === 'cut');
    expect([partition, header(letter, 'offset')]).toEqual([source?.partition, source?.offset]);
    isUnhurt();
  });

  it('wait while the dead-letter topic takes nothing, and so does what is behind them; nothing is lost', async () => {
    await limit(10);
    const behind = JSON.stringify({ ...fields, id: 'behind', userId: 'wim' });
    const isWaiting = async (): Promise<boolean> => {
      await ingestion.send(topic, [{ key: 'wim', value: 'no JSON', headers: { test: 'waits' } }]); // the limit holds a moment later
      return ingest.log.includes('DEAD_LETTER_UNAVAILABLE');
    };
    await until(isWaiting, 30_000);
    await ingestion.send(topic, [{ key: 'wim', value: behind }]);
    expect(await logged('wim')).toEqual([]);
    await limit(megabyte);
    await ingestion.untilConsumed();
    expect((await logged('wim')).map(({ id }) => id)).toEqual(['behind']);
    expect(header((await letters()).get('waits'), 'code')).toBe('NOT_JSON');
  });

  it('that are a batch beyond the limits are one dead letter with where it lies, and what is behind it is applied', async () => {
    const send = async (values: readonly (string | Buffer | null)[]): Promise<void> => {
      const messages = values.map((value) => ({ key: value === null ? null : 'bo', value, partition: 5 }));
      Object.defineProperty(messages, 'reduce', { value: () => ({ 5: messages }) }); // by which the client copies all for each
      await ingestion.producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP });
    };
    const good = (id: string): string => JSON.stringify({ ...fields, id, userId: 'bo' });
    const [first = 0] = (await ingestion.admin.fetchTopicOffsets(topic))
      .filter(({ partition }) => partition === 5)
      .map(({ high }) => Number(high));
    await send([good('before')]);
    await send([good('in a bomb'), Buffer.alloc(70 * megabyte), null]);
    await send([good('between')]);
    await send(Array.from({ length: 120_000 }, () => null));
    await send([good('behind')]);
    await ingestion.untilConsumed(120_000);
    expect((await logged('bo')).map(({ id }) => id)).toEqual(['before', 'between', 'behind']);
    const places = [
      [first + 1, first + 3, 'BATCH_TOO_LARGE'],
      [first + 5, first + 120_004, 'BATCH_TOO_LARGE'],
    ];
    const kept = (await ingestion.read(`${topic}.dlt`)).filter((one) => header(one, 'code') === 'BATCH_TOO_LARGE');
    expect(
      kept.map((one) => [Number(header(one, 'offset')), Number(header(one, 'last-offset')), header(one, 'code')]),
    ).toEqual(places);
    expect(header(kept[1], 'message')).toContain('with 120000 messages, has more than the 100000 that are read of one');
    const rows: { place: unknown[] }[] = await ingestion.database.dataSource.query(
      `SELECT json_build_array(record_offset, last_offset, code) AS place FROM dead_letter
        WHERE code = 'BATCH_TOO_LARGE' AND partition = 5 AND NOT is_whole ORDER BY record_offset`,
    );
    expect(rows.map(({ place }) => place)).toEqual(places);
    isUnhurt();
  }, 180_000);

  it('hold up no other partition while the dead-letter topic takes nothing, however many wait', async () => {
    await limit(10);
    const poisoned = [0, 1, 2, 3];
    const good = (partition: number, n: number): Sent => ({
      key: `pia-${partition}`,
      value: JSON.stringify({ ...fields, id: `good-${partition}-${n}`, userId: `pia-${partition}` }),
      partition,
    });
    const waiting = async (): Promise<boolean> => {
      for (const partition of poisoned)
        await ingestion.send(topic, [
          { key: 'pia', value: 'no JSON', headers: { test: `set aside ${partition}` }, partition },
        ]);
      const lines = ingest.log.split('\n').filter((line) => line.includes('"code":"DEAD_LETTER_UNAVAILABLE"'));
      return Promise.resolve(lines.length - before >= 2 * poisoned.length);
    };
    const before = ingest.log.split('"code":"DEAD_LETTER_UNAVAILABLE"').length;
    await until(waiting, 60_000); // the limit holds a moment later
    for (let n = 0; n < 20; n++)
      await ingestion.send(
        topic,
        Array.from({ length: 6 }, (_, partition) => good(partition, n)),
      );
    for (const [of, value] of [
      [ingestion.topics.items, '{"id":"beside"}'],
      [ingestion.topics.users, '{"id":"beside","properties":{}}'],
    ] as const)
      await ingestion.send(of, [{ key: 'beside', value }]);
    const count = async (sql: string): Promise<number> =>
      Number((await ingestion.database.dataSource.query<{ count: string }[]>(sql))[0]?.count);
    await until(async () => (await logged('pia-4')).length === 20 && (await logged('pia-5')).length === 20, 30_000);
    await until(async () => (await count(`SELECT count(*) FROM item WHERE id = 'beside'`)) === 1, 30_000);
    await until(async () => (await count(`SELECT count(*) FROM user_profile WHERE id = 'beside'`)) === 1, 30_000);
    for (const partition of poisoned) expect(await logged(`pia-${partition}`)).toEqual([]);
    await limit(megabyte);
    await ingestion.untilConsumed(60_000);
    for (const partition of [0, 1, 2, 3, 4, 5])
      expect((await logged(`pia-${partition}`)).map(({ id }) => id)).toEqual(
        Array.from({ length: 20 }, (_, n) => `good-${partition}-${n}`),
      );
    const kept = await letters();
    for (const partition of poisoned) expect(header(kept.get(`set aside ${partition}`), 'code')).toBe('NOT_JSON');
    isUnhurt();
  }, 180_000);

  it('are found in a dead-letter topic that was deleted meanwhile and is made anew', async () => {
    await ingestion.admin.deleteTopics({ topics: [`${topic}.dlt`] });
    await until(async () => !(await ingestion.admin.listTopics()).includes(`${topic}.dlt`), 20_000);
    await ingestion.send(topic, [{ key: 'ula', value: 'no JSON', headers: { test: 'anew' } }]);
    await ingestion.untilConsumed(60_000);
    expect(header((await letters()).get('anew'), 'code')).toBe('NOT_JSON');
  });

  it('with 10,000 headers, or headers named as what JavaScript has, are refused or applied in time', async () => {
    const inherited = Object.fromEntries(['constructor', '__proto__', 'toString'].map((name) => [name, 'x']));
    const good = (id: string): string => JSON.stringify({ ...fields, id, userId: 'hal' });
    await ingestion.send(topic, [
      { key: 'hal', value: good('many'), headers: { ...headersOf(10_000), test: 'many' } },
      { key: 'hal', value: good('named'), headers: inherited },
      { key: 'hal', value: 'no JSON', headers: { ...inherited, test: 'refused' } },
    ]);
    await ingestion.untilConsumed();
    expect((await logged('hal')).map(({ id }) => id)).toEqual(['named']);
    const letter = (await ingestion.read(`${topic}.dlt`)).find((one) => header(one, 'code') === 'TOO_MANY_HEADERS');
    expect(String(letter?.value)).toBe(good('many'));
    expect(header(letter, 'message')).toContain('10001 headers, at most 100 are read');
    const refused = (await letters()).get('refused');
    expect(header(refused, 'code')).toBe('NOT_JSON');
    expect(String(refused?.headers?.constructor)).toMatch(/(^|,)x$/); // the client reads more, see `toMessage`
    isUnhurt();
  });
});

/** An id of its own for each that is applied. */
function named(value: Sent['value'], n: number): string {
  return String(value).replace('"id":"raw"', `"id":"raw-${n}"`);
}
