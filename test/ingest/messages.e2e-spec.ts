import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { InteractionIntake } from '../../src/ingest/interaction-intake.js';
import { KafkaConsumer } from '../../src/ingest/kafka-consumer.js';
import type { Network } from '../../src/model/network.js';
import { encodeState } from '../../src/model/user-state.js';
import {
  describeWithBroker,
  liveNetwork,
  startIngestion,
  testIngestion,
  type Kept,
  type Sent,
  type TestIngestion,
} from '../service.js';

const time = '2026-05-01T10:00:00Z';
const event = (id: string, fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ id, userId: 'ula', itemId: 'a', kind: 'view', occurredAt: time, ...fields });

describeWithBroker('messages', () => {
  let ingestion: TestIngestion;
  let app: INestApplicationContext;
  let network: Network;
  beforeAll(async () => {
    ingestion = await testIngestion('messages_spec');
    network = await liveNetwork(ingestion.database, ['a', 'b', 'm', 'chair']);
    app = await startIngestion(ingestion);
  });
  afterAll(async () => {
    await app.close();
    await ingestion.close();
  });

  const query = async <R>(sql: string, parameters: unknown[] = []): Promise<R[]> =>
    ingestion.database.dataSource.query(sql, parameters);
  const logOf = async (userId: string): Promise<readonly { id: string; itemId: string; at: Date }[]> =>
    query(
      `SELECT id, item_id AS "itemId", occurred_at AS at FROM interaction WHERE user_id = $1 ORDER BY occurred_at, arrival`,
      [userId],
    );
  const memoryOf = async (userId: string): Promise<{ state: Buffer; applied: number } | undefined> =>
    (
      await query<{ state: Buffer; applied: number }>(
        'SELECT state, interactions_applied::int AS applied FROM user_memory WHERE user_id = $1',
        [userId],
      )
    )[0];
  const replayed = (items: readonly string[]): Buffer =>
    encodeState(network.trace(items.map((id) => network.vocabulary.rowOf(id))).state);

  const send = async (messages: readonly Sent[], topic = ingestion.topics.interactions): Promise<void> => {
    await ingestion.send(topic, messages);
    await ingestion.untilConsumed();
  };
  const letters = async (prefix: string, topic = ingestion.topics.interactions): Promise<readonly Kept[]> =>
    (await ingestion.read(`${topic}.dlt`)).filter(
      ({ headers }) => headers?.test?.toString().startsWith(prefix) === true,
    );
  const header = (letter: Kept | undefined, name: string): string | undefined =>
    letter?.headers?.[`recollect-${name}`]?.toString();
  /** error code by the header `test`, for those that were refused */
  const codes = async (prefix: string, topic?: string): Promise<Record<string, string | undefined>> =>
    Object.fromEntries((await letters(prefix, topic)).map((one) => [String(one.headers?.test), header(one, 'code')]));

  it('tells a tombstone from the text null and from an empty value', async () => {
    const { items, interactions, users } = ingestion.topics;
    const item = (id: string, category: string): string => JSON.stringify({ id, title: id, categories: [category] });
    const script: readonly (Sent & { readonly topic: string })[] = [
      { topic: items, key: 'lamp', value: item('lamp', 'light') },
      { topic: items, key: 'desk', value: item('desk', 'wood') },
      { topic: items, key: 'chair', value: item('chair', 'wood') },
      { topic: items, key: 'lamp', value: null },
      { topic: items, key: 'never-seen', value: null },
      { topic: items, key: 'desk', value: 'null' },
      { topic: items, key: 'chair', value: '' },
      { topic: items, key: null, value: null },
      { topic: interactions, key: 'ann', value: null },
      { topic: interactions, key: 'ann', value: event('k01-e1', { userId: 'ann', itemId: 'chair' }) },
      { topic: users, key: 'ann', value: null },
    ];
    for (const [n, { topic, ...message }] of script.entries())
      await ingestion.send(topic, [{ ...message, headers: { test: `k01-${n}` } }]);
    await ingestion.untilConsumed();

    // a replica that saw nothing of the lamp needs no row that says that it is gone
    const rows = await query<{ id: string }>('SELECT id FROM item WHERE deleted_at IS NULL ORDER BY id');
    expect(rows.map(({ id }) => id)).toEqual(['chair', 'desk']);
    expect(await codes('k01-', items)).toEqual({
      'k01-5': 'NOT_AN_OBJECT',
      'k01-6': 'NOT_JSON',
      'k01-7': 'MISSING_FIELD',
    });
    const [tombstone] = await letters('k01-');
    expect(await codes('k01-')).toEqual({ 'k01-8': 'MISSING_FIELD' });
    expect(tombstone?.value).toBeNull();
    expect(tombstone?.key?.toString()).toBe('ann');
    expect((await logOf('ann')).map(({ id }) => id)).toEqual(['k01-e1']);
    expect(await ingestion.read(`${users}.dlt`)).toEqual([]);
    const emptied = (await letters('k01-6', items))[0];
    expect(emptied?.value).toEqual(Buffer.alloc(0));
  });

  it('puts an item whole, keeps when it was made, and brings a deleted one back', async () => {
    const { items } = ingestion.topics;
    const full = { id: 'p', title: 'Lamp', categories: ['light'], properties: { price: 9 }, expiresAt: time };
    const read = async (): Promise<unknown> =>
      (
        await query(
          `SELECT title, categories, properties, available, expires_at AS "expiresAt", deleted_at AS "deletedAt" FROM item WHERE id = 'p'`,
        )
      )[0];
    await send([{ key: 'p', value: JSON.stringify({ ...full, createdAt: '2020-01-01T00:00:00Z' }) }], items);
    expect(await read()).toMatchObject({ title: 'Lamp', categories: ['light'], properties: { price: 9 } });
    await send([{ key: 'p', value: '{"title":"Lamp 2","available":false}' }], items);
    expect(await read()).toEqual({
      title: 'Lamp 2',
      categories: [],
      properties: {},
      available: false,
      expiresAt: null,
      deletedAt: null,
    });
    const made = await query<{ at: Date }>(`SELECT created_at AS at FROM item WHERE id = 'p'`);
    expect(made[0]?.at.toISOString()).toBe('2020-01-01T00:00:00.000Z');
    await send([{ key: 'p', value: null }], items);
    await send([{ key: 'p', value: '{}' }], items);
    expect(await read()).toMatchObject({ title: null, deletedAt: null, available: true });
  });

  it('puts the properties of a user whole; a null value deletes them, and neither log nor memory', async () => {
    const { users } = ingestion.topics;
    const user = (key: string | null, value: string | null, n = 0): Sent => ({
      key,
      value,
      headers: { test: `user-${n}` },
    });
    const profiles = async (): Promise<unknown> => query('SELECT id, properties FROM user_profile ORDER BY id');
    await send([{ key: 'uma', value: event('uma-1', { userId: 'uma' }) }]);
    const log = await logOf('uma');
    await send([user('uma', '{"properties":{"city":"Oslo","age":30}}'), user('una', '{"id":"una"}')], users);
    expect(await profiles()).toEqual([
      { id: 'uma', properties: { city: 'Oslo', age: 30 } },
      { id: 'una', properties: {} },
    ]);
    await send([user('uma', '{"properties":{"city":"Rome"},"schemaVersion":1}'), user('una', null)], users);
    expect(await profiles()).toEqual([{ id: 'uma', properties: { city: 'Rome' } }]);
    await send(
      [
        user('uma', 'null', 1),
        user('uma', '', 2),
        user(null, '{}', 3),
        user('uma', '{"id":"una"}', 4),
        user('uma', '{"city":"Bonn"}', 5),
        user('uma', '{"schemaVersion":2}', 6),
        user('never seen', null, 7),
      ],
      users,
    );
    expect(await codes('user-', users)).toEqual({
      'user-1': 'NOT_AN_OBJECT',
      'user-2': 'NOT_JSON',
      'user-3': 'MISSING_FIELD',
      'user-4': 'INVALID_ID',
      'user-5': 'UNKNOWN_FIELD',
      'user-6': 'SCHEMA_TOO_NEW',
    });
    expect(await profiles()).toEqual([{ id: 'uma', properties: { city: 'Rome' } }]);
    await send([user('uma', null)], users);
    expect(await profiles()).toEqual([]);
    expect(await logOf('uma')).toEqual(log);
    expect(await memoryOf('uma')).toMatchObject({ applied: 1 });
  });

  it('refuses an item whose key is another id', async () => {
    const { items } = ingestion.topics;
    await send([{ key: 'q', value: '{"id":"r"}', headers: { test: 'key-0' } }], items);
    expect(await codes('key-', items)).toEqual({ 'key-0': 'INVALID_ITEM' });
    expect(await query(`SELECT FROM item WHERE id IN ('q', 'r')`)).toHaveLength(0);
  });

  const bad: readonly (readonly [string, Sent['value'], string, string | undefined])[] = [
    ['not JSON', '{"id": "x', 'NOT_JSON', undefined],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'NOT_JSON', undefined],
    ['a list', '[]', 'NOT_AN_OBJECT', undefined],
    ['no item', event('bad', { itemId: undefined }), 'MISSING_FIELD', 'itemId'],
    ['a misspelled field', event('bad', { item_id: 'a' }), 'UNKNOWN_FIELD', 'item_id'],
    ['an unknown kind', event('bad', { kind: 'teleport' }), 'UNKNOWN_KIND', 'kind'],
    ['an id of 10,000 characters', event('x'.repeat(10_000)), 'INVALID_ID', 'id'],
    ['a NUL in an id', event('a\0b'), 'INVALID_ID', 'id'],
    ['a placeholder as user', event('bad', { userId: 'undefined' }), 'INVALID_ID', 'userId'],
    ['a list as user', event('bad', { userId: ['ula'] }), 'INVALID_ID', 'userId'],
    ['seconds', event('bad', { occurredAt: 1_777_629_600 }), 'TIME_UNIT', 'occurredAt'],
    ['microseconds', event('bad', { occurredAt: 1_777_629_600_123_456 }), 'TIME_UNIT', 'occurredAt'],
    ['days since 1970', event('bad', { occurredAt: 20_574 }), 'TIME_TOO_EARLY', 'occurredAt'],
    ['the year 2099', event('bad', { occurredAt: '2099-01-01T00:00:00Z' }), 'TIME_IN_FUTURE', 'occurredAt'],
    ['the year 10000', event('bad', { occurredAt: 253_402_300_800_000 }), 'INVALID_TIME', 'occurredAt'],
    ['a NUL in properties', event('bad', { properties: { a: '\0' } }), 'INVALID_PROPERTIES', 'properties'],
    ['a value that is text', event('bad', { value: '4' }), 'INVALID_VALUE', 'value'],
  ];
  it('keeps what is refused as it came, with where it lay and why, and applies the good ones beside it', async () => {
    const before = await logOf('ula');
    await send([
      ...bad.map(([, value], n) => ({ key: 'ula', value, headers: { test: `bad-${n}`, trace: 'kept' } })),
      { key: 'ula', value: event('beside') },
    ]);
    const kept = new Map((await letters('bad-')).map((letter) => [String(letter.headers?.test), letter]));
    expect(kept.size).toBe(bad.length);
    for (const [n, [name, value, code, field]] of bad.entries()) {
      const letter = kept.get(`bad-${n}`);
      expect([name, header(letter, 'code'), header(letter, 'field')]).toEqual([name, code, field]);
      expect(letter?.value).toEqual(Buffer.from(value ?? ''));
      expect(letter?.key?.toString()).toBe('ula');
      expect(header(letter, 'topic')).toBe(ingestion.topics.interactions);
      expect(header(letter, 'partition')).toBe(String(letter?.partition));
      expect(header(letter, 'offset')).toMatch(/^\d+$/);
      expect(header(letter, 'timestamp')).toMatch(/^\d{13}$/);
      expect(header(letter, 'message')?.length).toBeGreaterThan(10);
      expect(header(letter, 'attempts')).toBe('1');
      expect(letter?.headers?.trace?.toString()).toBe('kept');
    }
    expect(await logOf('ula')).toHaveLength(before.length + 1);
    expect(app.get(KafkaConsumer).status()).toMatchObject({ state: 'RUNNING' });
  });

  it('keeps dead letters that together are larger than a record may be', async () => {
    const large = 'x'.repeat(900_000);
    const messages = [0, 1, 2].map((n) => ({ key: 'large', value: large, headers: { test: `large-${n}` } }));
    for (const message of messages) await ingestion.send(ingestion.topics.interactions, [message]);
    await ingestion.untilConsumed();
    expect((await letters('large-')).map(({ value }) => value?.length)).toEqual([900_000, 900_000, 900_000]);
  });

  it('derives an id from where a message lay, and keeps it when a dead letter is sent again', async () => {
    const user = { userId: 'cy' };
    await send([
      { key: 'cy', value: event('-', { ...user, id: undefined, kind: 'teleport' }), headers: { test: 'cy-0' } },
    ]);
    const [letter] = await letters('cy-');
    const value = event('-', { ...user, id: undefined });
    const headers = letter?.headers ?? {};
    await send([
      { key: 'cy', value, headers },
      { key: 'cy', value, headers },
    ]);
    const place = ['topic', 'partition', 'offset', 'timestamp'].map((name) => header(letter, name)).join(':');
    expect((await logOf('cy')).map(({ id }) => id)).toEqual([`kafka:${place}`]);
  });

  it('makes the memory of in-order arrival out of an event that comes late', async () => {
    const dislike = event('late-1', {
      userId: 'lea',
      itemId: 'm',
      kind: 'dislike',
      occurredAt: '2026-05-01T10:05:00Z',
    });
    const like = event('late-2', { userId: 'lea', itemId: 'b', kind: 'like', occurredAt: '2026-05-01T10:00:00Z' });
    await send([{ key: 'lea', value: dislike }]);
    expect((await memoryOf('lea'))?.state).toEqual(replayed(['m']));
    await send([{ key: 'lea', value: like }]);
    expect(await memoryOf('lea')).toEqual({ state: replayed(['b', 'm']), applied: 2 });
    // in one batch, older than what is stored and unsorted in itself
    const at = (id: string, itemId: string, minute: string): Sent => ({
      key: 'lea',
      value: event(id, { userId: 'lea', itemId, occurredAt: `2026-05-01T10:${minute}:00Z` }),
    });
    await send([at('late-3', 'a', '07'), at('late-4', 'b', '03'), at('late-5', 'zz', '05'), at('late-6', 'm', '06')]);
    expect((await logOf('lea')).map(({ itemId }) => itemId)).toEqual(['b', 'b', 'm', 'zz', 'm', 'a']);
    expect(await memoryOf('lea')).toEqual({ state: replayed(['b', 'b', 'm', 'zz', 'm', 'a']), applied: 6 });
  });

  it('makes a damaged memory anew from the log', async () => {
    await send([{ key: 'dan', value: event('d-1', { userId: 'dan' }) }]);
    await query(`UPDATE user_memory SET state = set_byte(state, 3, get_byte(state, 3) # 1) WHERE user_id = 'dan'`);
    await send([{ key: 'dan', value: event('d-2', { userId: 'dan', itemId: 'b' }) }]);
    expect(await memoryOf('dan')).toEqual({ state: replayed(['a', 'b']), applied: 2 });
  });

  it('applies an event once that comes twenty times at once by two replicas and by Kafka', async () => {
    const other = await startIngestion(ingestion);
    const row = { id: 'dup-1', userId: 'u1', itemId: 'a', kind: 'view', occurredAt: time };
    const now = Date.now();
    const byReplica = Array.from({ length: 20 }, async (_, n) =>
      (n % 2 === 0 ? app : other).get(InteractionIntake).track([row], now),
    );
    const byKafka = ingestion.send(ingestion.topics.interactions, [{ key: 'u1', value: JSON.stringify(row) }]);
    const verdicts = (await Promise.all(byReplica)).flat().map(({ status }) => status);
    await byKafka;
    await ingestion.untilConsumed();
    await other.close();
    expect(verdicts.filter((status) => status === 'ACCEPTED').length).toBeLessThanOrEqual(1); // Kafka may have been first
    expect(new Set(verdicts)).toEqual(new Set([...verdicts.filter((status) => status === 'ACCEPTED'), 'DUPLICATE']));
    expect(await logOf('u1')).toHaveLength(1);
    expect(await memoryOf('u1')).toEqual({ state: replayed(['a']), applied: 1 });

    const intake = app.get(InteractionIntake);
    const next = await intake.track(
      [{ ...row, itemId: 'b' }, row, { ...row, userId: 'u2' }, { ...row, kind: 'no' }],
      now,
    );
    expect(next.map(({ status, id, field }) => [status, id, field])).toEqual([
      ['DUPLICATE_DIFFERS', 'dup-1', null],
      ['DUPLICATE', 'dup-1', null],
      ['ACCEPTED', 'dup-1', null],
      ['REFUSED', null, 'kind'],
    ]);
    expect(await memoryOf('u1')).toEqual({ state: replayed(['a']), applied: 1 });
    expect(
      await query(
        `SELECT sum(count)::int AS count FROM item_count WHERE item_id = 'a' AND day = '2026-05-01' AND kind = 'view'`,
      ),
    ).toEqual(await query(`SELECT count(*)::int AS count FROM interaction WHERE item_id = 'a' AND kind = 'view'`));
  });

  it('gives a row without an id a new one, and calls what is in a list twice a duplicate', async () => {
    const row = {
      userId: 'u3',
      itemId: 'a',
      kind: 'view',
      occurredAt: time,
      properties: { b: 1, a: [1, { c: null }] },
    };
    const intake = app.get(InteractionIntake);
    const verdicts = await intake.track([row, row, { ...row, id: 'x' }, { ...row, id: 'x' }], Date.now());
    expect(verdicts.map(({ status }) => status)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'DUPLICATE']);
    expect(new Set(verdicts.map(({ id }) => id)).size).toBe(3);
    expect(await intake.track([{ ...row, id: 'x' }], Date.now())).toMatchObject([{ status: 'DUPLICATE' }]);
    expect(await intake.track([], Date.now())).toEqual([]);
  });

  it('finds the one message of a batch that Postgres refuses, and applies the rest', async () => {
    await query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.item_id = 'poison' THEN RAISE EXCEPTION 'poisoned' USING ERRCODE = '22023'; END IF;
        IF NEW.item_id = 'closed' THEN RAISE EXCEPTION 'closed' USING ERRCODE = '42501'; END IF;
        RETURN NEW; END $$`);
    await query('CREATE TRIGGER refuse BEFORE INSERT ON interaction FOR EACH ROW EXECUTE FUNCTION refuse()');
    const messages = Array.from({ length: 30 }, (_, n) => ({
      key: 'pia',
      value: event(`p-${n}`, { userId: 'pia', itemId: n === 17 ? 'poison' : 'a' }),
      headers: { test: `poison-${n}` },
    }));
    await send(messages);
    expect((await logOf('pia')).map(({ id }) => id)).toEqual(
      messages.map((_, n) => `p-${n}`).filter((id) => id !== 'p-17'),
    );
    const [letter, ...more] = await letters('poison-');
    expect(more).toEqual([]);
    expect([String(letter?.headers?.test), header(letter, 'code'), header(letter, 'attempts')]).toEqual([
      'poison-17',
      'INTERNAL',
      '5',
    ]);
  });

  it('waits for a database that refuses everything, and sends no good message to the dead letters', async () => {
    const before = (await ingestion.read(`${ingestion.topics.interactions}.dlt`)).length;
    await ingestion.send(ingestion.topics.interactions, [
      { key: 'quin', value: event('q-1', { userId: 'quin', itemId: 'closed' }) },
    ]);
    await new Promise((done) => setTimeout(done, 4_000));
    const waiting = app
      .get(KafkaConsumer)
      .status()
      .partitions.filter(({ waitingFor }) => waitingFor !== null);
    expect(waiting).toHaveLength(1);
    await query('DROP TRIGGER refuse ON interaction');
    await ingestion.untilConsumed();
    expect(await logOf('quin')).toHaveLength(1);
    expect(await ingestion.read(`${ingestion.topics.interactions}.dlt`)).toHaveLength(before);
  });

  it('applies the body of a message whose key is another user, and counts it', async () => {
    const { otherKeys } = app.get(KafkaConsumer).status();
    await send([{ key: 'someone', value: event('o-1', { userId: 'ole' }) }]);
    expect(await logOf('ole')).toHaveLength(1);
    expect(app.get(KafkaConsumer).status().otherKeys).toBe(otherKeys + 1);
  });
});
