/** Message scripts of real life through a real broker: what the log then has, and which messages lie in the dead letters, and why. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumer } from '../../src/ingest/kafka-consumer.js';
import { describeWithBroker, startIngestion, testIngestion, type TestIngestion } from '../service.js';

describeWithBroker('message scripts', () => {
  let ingestion: TestIngestion;
  let app: INestApplicationContext;
  beforeAll(async () => {
    ingestion = await testIngestion('message_cases_spec', { KAFKA_ENVELOPES: 'items=debezium' });
    app = await startIngestion(ingestion);
  });
  afterAll(async () => {
    await app.close();
    await ingestion.close();
  });

  /** Sends the bodies, as text, and returns by their places: what was logged, or the code and the field of the dead letter. */
  const run = async (name: string, bodies: readonly string[]): Promise<ReadonlyMap<number, unknown>> => {
    const topic = ingestion.topics.interactions;
    await ingestion.send(
      topic,
      bodies.map((value, n) => ({ key: 'x', value, headers: { test: `${name}-${n}` } })),
    );
    await ingestion.untilConsumed();
    const verdicts = new Map<number, unknown>();
    for (const { headers: found = {} } of await ingestion.read(`${topic}.dlt`)) {
      const [script, n] = String(found.test).split('-');
      const read = (header: string): string | undefined => found[`recollect-${header}`]?.toString();
      if (script === name) verdicts.set(Number(n), [read('code'), read('field')]);
    }
    const rows: readonly { id: string; place: string; fact: unknown }[] = await ingestion.database.dataSource.query(
      `SELECT id, split_part(id, '-', 2) AS place, json_build_array(user_id, item_id, value, occurred_at, properties) AS fact
         FROM interaction WHERE id LIKE $1`,
      [`${name}-%`],
    );
    for (const { place, fact } of rows) verdicts.set(Number(place), fact);
    expect([...verdicts.keys()].toSorted((one, other) => one - other)).toEqual(bodies.map((_, n) => n));
    expect(
      app
        .get(KafkaConsumer)
        .status()
        .partitions.every(({ lag, stopped }) => lag === 0n && stopped === null),
    ).toBe(true);
    return verdicts;
  };
  const log = async (sql: string): Promise<unknown> => ingestion.database.dataSource.query(sql);

  it('K04: ids named null, undefined, empty have a verdict each, and no visitor becomes another', async () => {
    const users = [
      '"userId":"null"',
      '"userId":null',
      '"userId":""',
      '"userId":"undefined"',
      '"userId":"   "',
      '"userId":null,"sessionId":"s1"',
      '"userId":"u1","sessionId":"null"',
      '"userId":["u1"]',
      '"userId":{"id":"u1"}',
      '"userId":true',
      '"sessionId":"s1"',
      '"kind":"view"',
    ];
    const body = (user: string, n: number) =>
      `{"id":"k04-${n}","kind":"view",${user},"itemId":"i1","occurredAt":"2026-05-01T10:00:00Z"}`;
    const verdicts = await run('k04', users.map(body));
    const visit = ['session:s1', 'i1', null, '2026-05-01T10:00:00+00:00', null];
    expect([...verdicts.values()].filter((verdict) => JSON.stringify(verdict) === JSON.stringify(visit))).toHaveLength(
      2,
    );
    expect(Object.fromEntries(verdicts)).toEqual({
      0: ['INVALID_ID', 'userId'],
      1: ['MISSING_FIELD', 'userId'],
      2: ['INVALID_ID', 'userId'],
      3: ['INVALID_ID', 'userId'],
      4: ['INVALID_ID', 'userId'],
      5: visit,
      6: ['INVALID_ID', 'sessionId'],
      7: ['INVALID_ID', 'userId'],
      8: ['INVALID_ID', 'userId'],
      9: ['INVALID_ID', 'userId'],
      10: visit,
      11: ['MISSING_FIELD', 'userId'],
    });
    expect(await log(`SELECT DISTINCT user_id, session_id FROM interaction WHERE id LIKE 'k04-%'`)).toEqual([
      { user_id: 'session:s1', session_id: 's1' },
    ]);
  });

  it('K05: events of PutEvents are read with what their text of properties holds, and refused where two names disagree', async () => {
    const event = (n: number, more: object) =>
      JSON.stringify({ eventId: `k05-${n}`, userId: 'usr-9', eventType: 'click', sentAt: 1_777_629_600_000, ...more });
    const verdicts = await run('k05', [
      event(0, { sessionId: 'ses-1', properties: '{"itemId":"593","eventValue":0.25,"page":"home"}' }),
      event(1, { sessionId: 'ses-1', properties: '{"itemId":"594"}', sentAt: 1_777_629_600 }),
      event(2, { eventType: 'TimeWatched', properties: '{"itemId":"595","eventValue":"4.5"}' }),
      event(3, { itemId: '596', properties: '{"itemId":"597"}' }),
      event(4, { USER_ID: 'usr-8', itemId: '598' }),
      event(5, { itemId: '599', properties: 'not json' }),
    ]);
    expect(Object.fromEntries(verdicts)).toEqual({
      0: ['usr-9', '593', 0.25, '2026-05-01T10:00:00+00:00', { page: 'home' }],
      1: ['TIME_UNIT', 'sentAt'],
      2: ['UNKNOWN_KIND', 'eventType'],
      3: ['FIELDS_DISAGREE', 'properties.itemId'],
      4: ['FIELDS_DISAGREE', 'USER_ID'],
      5: ['INVALID_PROPERTIES', 'properties'],
    });
  });

  it('F06: two users whose ids JSON rounds to one share no memory', async () => {
    const ids = ['653247040368672768', '653247040368672771', '"653247040368672771"', '42', '42.0', '1e21'];
    const body = (userId: string, n: number) =>
      `{"id":"f06-${n}","userId":${userId},"itemId":17,"kind":"view","occurredAt":"2026-03-01T10:00:00Z"}`;
    const fact = (userId: string) => [userId, '17', null, '2026-03-01T10:00:00+00:00', null];
    expect(Object.fromEntries(await run('f06', ids.map(body)))).toEqual({
      0: ['INVALID_ID', 'userId'],
      1: ['INVALID_ID', 'userId'],
      2: fact('653247040368672771'),
      3: fact('42'),
      4: fact('42'),
      5: ['INVALID_ID', 'userId'],
    });
  });

  it('K12: a number is read as milliseconds or refused with its unit, in our own names and in others', async () => {
    const times = ['1777629600123', '1777629600', '1777629600.123', '1777629600123456', '1777629600123456789', '20574'];
    const body = (time: string, n: number) =>
      `{"id":"k12-${n}","userId":"ula","itemId":"i","kind":"view","${n < times.length ? 'occurredAt' : 'timestamp'}":${time}}`;
    const fact = ['ula', 'i', null, '2026-05-01T10:00:00.123+00:00', null];
    const refused = ['TIME_UNIT', 'TIME_UNIT', 'TIME_UNIT', 'TIME_UNIT', 'TIME_TOO_EARLY'];
    const verdicts = await run('k12', [...times, ...times].map(body));
    const expected = (field: string) => [fact, ...refused.map((code) => [code, field])];
    expect([...Array(12).keys()].map((n) => verdicts.get(n))).toEqual([
      ...expected('occurredAt'),
      ...expected('timestamp'),
    ]);
  });

  it('takes CloudEvents of both modes, and changes of rows by Debezium', async () => {
    const { interactions, items } = ingestion.topics;
    const data = { userId: 'cleo', itemId: 'a' };
    const event = { specversion: '1.0', id: 'ce-2', source: '/shop', type: 'view', time: '2026-05-01T10:00:01Z', data };
    await ingestion.send(interactions, [
      {
        key: 'cleo',
        value: JSON.stringify(data),
        headers: {
          ce_specversion: '1.0',
          ce_id: 'ce-1',
          ce_source: '/shop',
          ce_type: 'cart',
          ce_time: '2026-05-01T12:00:00+02:00',
        },
      },
      { key: 'cleo', value: JSON.stringify(event), headers: { 'content-type': 'application/cloudevents+json' } },
    ]);
    const row = { id: 'lamp', title: 'Lamp' };
    await ingestion.send(items, [
      { key: '{"id":"lamp"}', value: JSON.stringify({ before: null, after: row, op: 'c' }) },
      { key: '{"id":"desk"}', value: JSON.stringify({ before: null, after: { ...row, id: 'desk' }, op: 'r' }) },
      { key: '{"id":"desk"}', value: JSON.stringify({ before: row, after: null, op: 'd' }) },
      { key: '{"id":"desk"}', value: null },
    ]);
    await ingestion.untilConsumed();
    expect(await log(`SELECT id, kind, occurred_at FROM interaction WHERE user_id = 'cleo' ORDER BY arrival`)).toEqual([
      { id: 'ce-1', kind: 'cart', occurred_at: new Date('2026-05-01T10:00:00Z') },
      { id: 'ce-2', kind: 'view', occurred_at: new Date('2026-05-01T10:00:01Z') },
    ]);
    expect(await log('SELECT id, title FROM item WHERE deleted_at IS NULL')).toEqual([row]);
    expect(await ingestion.read(`${items}.dlt`)).toEqual([]);
  });

  it('takes the events of one request together, each once, also when it is sent again', async () => {
    const request = (events: readonly object[]) =>
      JSON.stringify({ userId: 'pat', sessionId: 'v1', trackingId: 't', eventList: events });
    const event = (eventId: string | undefined, itemId: string) => ({
      eventId,
      eventType: 'view',
      itemId,
      sentAt: '2026-05-01T10:00:00Z',
    });
    const good = request([event('r-1', 'a'), event(undefined, 'b'), event(undefined, 'b')]);
    await ingestion.send(ingestion.topics.interactions, [
      { key: 'pat', value: good },
      { key: 'pat', value: request([event('r-2', 'c'), event('r-3', ' ')]), headers: { test: 'request-0' } },
      { key: 'pat', value: request([event('r-1', 'a')]) },
    ]);
    await ingestion.untilConsumed();
    expect(await log(`SELECT item_id, session_id FROM interaction WHERE user_id = 'pat' ORDER BY arrival`)).toEqual([
      { item_id: 'a', session_id: 'v1' },
      { item_id: 'b', session_id: 'v1' },
      { item_id: 'b', session_id: 'v1' },
    ]);
    const letters = await ingestion.read(`${ingestion.topics.interactions}.dlt`);
    const letter = letters.find(({ headers }) => headers?.test?.toString() === 'request-0');
    expect(letter?.headers?.['recollect-field']?.toString()).toBe('eventList[1].itemId');
  });
});
