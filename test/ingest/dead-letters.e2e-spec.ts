import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { addDeadLetterCommands } from '../../src/cli/dead-letters.js';
import kafkajs, { type Producer } from 'kafkajs';
import type { Config } from '../../src/config.js';
import { replayDeadLetter } from '../../src/ingest/dead-letter-replay.js';
import { KafkaConsumer } from '../../src/ingest/kafka-consumer.js';
import { findDeadLetters } from '../../src/storage/dead-letter.store.js';
import { runCommand } from '../command.js';
import { describeWithBroker, startIngestion, testIngestion, until, type Sent, type TestIngestion } from '../service.js';

const event = (id: string | undefined, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ id, userId: 'ula', itemId: 'a', kind: 'teleport', occurredAt: '2026-05-01T10:00:00Z', ...more });
const teleport = { weight: 1, polarity: 'positive', seen: true } as const;

interface Row {
  readonly place: string;
  readonly code: string;
  readonly attempts: number;
  readonly isReplayed: boolean;
}

describeWithBroker('dead letters', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let app: INestApplicationContext;
  beforeAll(async () => {
    ingestion = await testIngestion('dead_letters_spec', {}, { 'max.message.bytes': '4194304' });
    topic = ingestion.topics.interactions;
    app = await startIngestion(ingestion);
  });
  afterAll(async () => {
    await app.close();
    await ingestion.close();
  });

  const query = async <R>(sql: string): Promise<R[]> => ingestion.database.dataSource.query(sql);
  const rows = async (): Promise<readonly Row[]> =>
    query(`SELECT partition || ':' || record_offset AS place, code, attempts, replayed_at IS NOT NULL AS "isReplayed"
             FROM dead_letter ORDER BY partition, record_offset`);
  const logged = async (): Promise<readonly { id: string; itemId: string }[]> =>
    query(`SELECT id, item_id AS "itemId" FROM interaction ORDER BY arrival`);
  const send = async (...messages: readonly Omit<Sent, 'partition'>[]): Promise<void> => {
    await ingestion.send(
      topic,
      messages.map((message) => ({ ...message, partition: 0 })),
    );
    await ingestion.untilConsumed();
  };
  const recollect = async (...words: readonly string[]): Promise<string> =>
    runCommand(addDeadLetterCommands, ingestion.settings, 'dead-letters', ...words);
  /** Another consumer, with a setting changed. */
  const restart = async (changed: Partial<Config>): Promise<void> => {
    await app.close();
    const { database } = ingestion;
    app = await startIngestion({ ...ingestion, database: { ...database, config: { ...database.config, ...changed } } });
  };

  it('are listed and shown with where they lay, why they were refused, and what they were', async () => {
    const bytes = Buffer.from([0xff, 0, 1]);
    await send(
      { key: 'ula', value: event(undefined), headers: { trace: bytes, twice: ['1', '2'] } },
      { key: 'ula', value: bytes },
      { key: null, value: null },
      { key: 'ula', value: event('e-1', { ['a\0b']: 1 }) },
    );
    expect(await rows()).toEqual(
      ['UNKNOWN_KIND', 'NOT_JSON', 'MISSING_FIELD', 'UNKNOWN_FIELD'].map((code, n) => ({
        place: `0:${n}`,
        code,
        attempts: 1,
        isReplayed: false,
      })),
    );
    const lines = (await recollect('list')).trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(new RegExp(`^${topic}:0:0  \\S+Z  UNKNOWN_KIND  kind  attempts 1  kind is "teleport"`));
    expect(lines[4]).toBe('4 dead letters');
    expect(await recollect('list', '--code', 'NOT_JSON', '--topic', topic)).toMatch(/:0:1 .*\n1 dead letters\n$/);
    expect(await recollect('list', '--since', '2100-01-01T00:00:00Z')).toBe('0 dead letters\n');
    expect(JSON.parse(await recollect('show', `${topic}:0:0`))).toMatchObject({
      key: 'ula',
      value: event(undefined),
      headers: [
        ['trace', { base64: bytes.toString('base64') }],
        ['twice', '1'],
        ['twice', '2'],
      ],
      field: 'kind',
    });
    expect(JSON.parse(await recollect('show', `${topic}:0:1`))).toMatchObject({
      value: { base64: bytes.toString('base64') },
    });
  });

  it('say what is wrong with a command', async () => {
    expect(await recollect('show', 'nowhere')).toContain('"nowhere" is no place');
    expect(await recollect('show', `${topic}:0:99`)).toContain('no dead letter lay at');
    expect(await recollect('replay')).toContain('say what to send again');
    expect(await recollect('list', '--since', 'yesterday')).toContain('--since');
  });

  it('that are refused once more are counted up and stay one row', async () => {
    expect(await recollect('replay', '--code', 'UNKNOWN_KIND')).toBe('sent 1 again\n');
    await ingestion.untilConsumed();
    expect((await rows())[0]).toEqual({ place: '0:0', code: 'UNKNOWN_KIND', attempts: 2, isReplayed: false });
    expect(await rows()).toHaveLength(4);
  });

  it('that are refused again before the command has noted that it sent them are not called sent', async () => {
    const { manager } = ingestion.database.dataSource;
    const [letter] = await findDeadLetters(manager, { topic, partition: 0, offset: '0' });
    if (letter === undefined) throw new Error('the dead letter is gone');
    const slow: Pick<Producer, 'send'> = {
      send: async (record) => {
        const sent = await ingestion.producer.send(record);
        await ingestion.untilConsumed();
        return sent;
      },
    };
    await replayDeadLetter(manager, slow, letter, letter);
    expect((await rows())[0]).toMatchObject({ attempts: 3, isReplayed: false });
  });

  it('are applied under the id of where they first lay, once, when what refused them was mended', async () => {
    await restart({ kinds: { ...ingestion.database.config.kinds, teleport } });
    expect(await recollect('replay', '--code', 'UNKNOWN_KIND', '--topic', topic)).toBe('sent 1 again\n');
    await ingestion.untilConsumed();
    const first = (
      await query<{ at: string }>('SELECT record_timestamp AS at FROM dead_letter WHERE record_offset = 0')
    )[0];
    expect(await logged()).toEqual([{ id: `kafka:${topic}:0:0:${first?.at}`, itemId: 'a' }]);
    expect(await recollect('replay', `${topic}:0:0`)).toBe('sent 1 again\n');
    await ingestion.untilConsumed();
    expect(await logged()).toHaveLength(1);
    const again = (await ingestion.read(topic)).at(-1);
    expect([again?.key?.toString(), again?.value?.toString()]).toEqual(['ula', event(undefined)]);
    expect(again?.headers).toMatchObject({
      trace: Buffer.from([0xff, 0, 1]),
      twice: ['1', '2'].map((one) => Buffer.from(one)),
    });
    expect((await rows())[0]).toMatchObject({ place: '0:0', isReplayed: true });
    expect(await recollect('list')).toMatch(/3 dead letters\n$/);
    expect(await recollect('list', '--replayed')).toMatch(/4 dead letters\n$/);
  });

  it('hold nothing up whose headers claim a place that no message can have, or all the same place', async () => {
    const place = { 'recollect-topic': topic, 'recollect-partition': '0', 'recollect-timestamp': '1' };
    const claims = ['x', '99999999999999999999999', '-', '7', '7'];
    const forged = { 'recollect-attempts': '1e15' };
    await send(
      ...claims.map((offset) => ({
        key: 'eve',
        value: '{',
        headers: { ...place, ...forged, 'recollect-offset': offset },
      })),
      { key: 'eve', value: '{', headers: { ...place, 'recollect-topic': 'no\0topic', 'recollect-offset': '7' } },
    );
    const claimed = (await rows()).filter(({ attempts }) => attempts > 3);
    expect(claimed).toHaveLength(4); // of the three that claim nonsense, and the one place that two claim
    expect(
      app
        .get(KafkaConsumer)
        .status()
        .partitions.every(({ waitingFor }) => waitingFor === null),
    ).toBe(true);
  });

  const large = event('large', { kind: 'hop' }).replace('{', `{${' '.repeat(2_000_000)}`);
  const largeRows = async (): Promise<readonly Row[]> => (await rows()).filter(({ code }) => code === 'UNKNOWN_KIND');
  /** Of the messages that the dead-letter topic takes. */
  const limit = async (bytes: number): Promise<void> => {
    const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${topic}.dlt`, configEntries };
    await ingestion.admin.alterConfigs({ validateOnly: false, resources: [resource] });
  };

  it('that are too large for Postgres are sent again out of their topic', async () => {
    await query(`DELETE FROM dead_letter WHERE code = 'UNKNOWN_KIND'`);
    await send({ key: 'ula', value: large, headers: { trace: 'a' } });
    await send({ key: 'ula', value: event('small', { kind: 'hop' }) });
    await send({ key: 'ula', value: large.replace('"large"', '"larger"') });
    expect(
      await query(`SELECT is_whole AS whole FROM dead_letter WHERE code = 'UNKNOWN_KIND' ORDER BY record_offset`),
    ).toEqual([false, true, false].map((whole) => ({ whole })));
    expect(await recollect('replay', '--code', 'UNKNOWN_KIND')).toBe('sent 3 again\n');
    await ingestion.untilConsumed();
    expect((await largeRows()).map(({ attempts, isReplayed }) => [attempts, isReplayed])).toEqual(
      [1, 2, 3].map(() => [2, false]), // refused again
    );
    await restart({ kinds: { ...ingestion.database.config.kinds, hop: teleport } });
    expect(await recollect('replay', '--code', 'UNKNOWN_KIND')).toBe('sent 3 again\n');
    await ingestion.untilConsumed();
    const ids = (await logged()).map(({ id }) => id);
    expect(ids.filter((id) => !id.startsWith('kafka:')).sort()).toEqual(['large', 'larger', 'small']);
    const again = (await ingestion.read(topic)).filter(({ value }) => String(value) === large);
    expect(again).toHaveLength(3);
    expect(again.map(({ headers }) => String(headers?.trace))).toEqual(['a', 'a', 'a']);
  });

  it('that neither Postgres nor their topic has whole say so when they are to be sent again', async () => {
    await limit(1_000_000);
    const isCut = async (): Promise<boolean> => {
      await send({ key: 'ula', value: 'x'.repeat(2_000_000) }); // the limit holds a moment later
      return (await ingestion.read(`${topic}.dlt`)).some(
        ({ headers, value }) => headers?.['recollect-omitted-bytes'] !== undefined && String(value).startsWith('xx'),
      );
    };
    await until(isCut, 30_000);
    const [last] = (await rows()).filter(({ code }) => code === 'NOT_JSON').slice(-1);
    expect(await recollect('replay', `${topic}:${last?.place ?? ''}`)).toMatch(/1 are not kept as they came.*:0:\d+$/);
  });

  it('are deleted from Postgres when their time is over', async () => {
    await query(`UPDATE dead_letter SET refused_at = now() - interval '31 days' WHERE code = 'MISSING_FIELD'`);
    const before = await rows();
    await restart({});
    await until(async () => (await rows()).length === before.length - 1, 30_000);
    expect((await rows()).map(({ code }) => code)).not.toContain('MISSING_FIELD');
  });
});
