/** K07: somebody deletes a topic and creates it again, so that the stored offset is one of a log that is gone. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createKey } from '../../src/api/api-key.js';
import { addPartitionCommands } from '../../src/cli/partitions.js';
import { askOf, startReplica } from '../api/running-api.js';
import { runCommand } from '../command.js';
import { startProgram, type Started } from '../program.js';
import { describeWithBroker, liveNetwork, testIngestion, until, type Sent, type TestIngestion } from '../service.js';
import { expectMemoriesToEqualTheLog } from '../written-log.js';

const schema = 'topic_made_anew_spec';
const start = Date.UTC(2026, 0, 1);

interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  readonly state: string;
  readonly nextOffset: string;
  readonly lag: number | null;
  readonly lastEventAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly deadLetters: number;
}

/** To partition 0; without an id where `name` is null. */
const event = (n: number, name: string | null): Sent => ({
  key: `u-${n % 100}`,
  partition: 0,
  value: JSON.stringify({
    ...(name === null ? {} : { id: `${name}-${n}` }),
    ...{ userId: `u-${n % 100}`, itemId: `item ${n % 7}`, kind: 'view', occurredAt: start + 1_000 * n },
  }),
});

describeWithBroker('a topic that is deleted and created again', () => {
  let ingestion: TestIngestion;
  let topic: string;
  let api: NestFastifyApplication;
  let keys: Readonly<Record<'operator' | 'reader', string>>;
  let processes: Started[];
  beforeEach(async () => {
    ingestion = await testIngestion(schema, { RECOLLECT_STALL_TIMEOUT_MS: '5000', RECOLLECT_REFRESH_MS: '200' });
    topic = ingestion.topics.interactions;
    const { config, dataSource } = ingestion.database;
    await liveNetwork(
      ingestion.database,
      Array.from({ length: 7 }, (_, n) => `item ${n}`),
    );
    api = await startReplica(config, dataSource);
    const keyOf = async (scope: 'operator' | 'reader'): Promise<string> =>
      (await createKey(dataSource.manager, { name: scope, scopes: [scope], expiresAt: null })).key;
    keys = { operator: await keyOf('operator'), reader: await keyOf('reader') };
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map(stop));
    await api.close();
    await ingestion.close();
  });

  const startProcess = async (): Promise<Started> => {
    const started = await startProgram(schema, ingestion.settings);
    processes.push(started);
    return started;
  };
  const stop = async ({ child }: Started): Promise<void> => {
    const exit = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null && child.kill('SIGTERM')) await exit;
  };
  const count = async (): Promise<number> => {
    const rows: { n: number }[] = await ingestion.database.dataSource.query(
      'SELECT count(*)::int AS n FROM interaction',
    );
    return rows[0]?.n ?? 0;
  };
  const recreate = async (): Promise<void> => {
    await ingestion.admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await ingestion.admin.listTopics()).includes(topic), 20_000);
    await ingestion.admin
      .createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 6 }] })
      .catch(() => false);
    await until(async () => ingestion.admin.fetchTopicOffsets(topic).then(Boolean, () => false), 20_000);
  };
  const recollect = async (...words: readonly string[]): Promise<string> =>
    runCommand(addPartitionCommands, ingestion.settings, 'partitions', ...words);
  const partitions = async (): Promise<readonly PartitionView[]> => {
    const { data, errors } = await askOf<{ ingestStatus: { partitions: readonly PartitionView[] } }>(
      api,
      '{ ingestStatus { partitions { topic partition state nextOffset lag lastEventAt error { code message } deadLetters } } }',
      {},
      keys.operator,
    );
    expect(errors).toEqual([]);
    return data.ingestStatus.partitions;
  };
  const standing = async (partition = 0): Promise<PartitionView | undefined> =>
    (await partitions()).find((one) => one.topic === topic && one.partition === partition);

  it('stops its partition with an error that says what to do, and goes on with all of it once that is done', async () => {
    const first = await startProcess();
    const old = Array.from({ length: 5_000 }, (_, n) => event(n, n < 10 ? null : 'old'));
    for (let from = 0; from < old.length; from += 500) await ingestion.send(topic, old.slice(from, from + 500));
    await ingestion.untilConsumed(60_000);
    await until(async () => (await standing())?.lag === 0, 20_000);
    expect(await standing()).toMatchObject({ state: 'RUNNING', nextOffset: '5000', error: null, deadLetters: 0 });
    expect((await standing())?.lastEventAt).not.toBeNull();
    await stop(first);
    await recreate();
    await ingestion.send(
      topic,
      Array.from({ length: 10 }, (_, n) => event(n, n < 5 ? null : 'new')),
    );
    const { url } = await startProcess();
    await ingestion.send(topic, [{ ...event(50, 'elsewhere'), partition: 1 }]);
    await ingestion.send(ingestion.topics.items, [{ key: 'item 1', value: '{"id":"item 1","title":"One"}' }]);
    await until(async () => (await standing())?.state === 'STOPPED', 60_000);
    const stopped = await standing();
    expect(stopped?.error?.code).toBe('OFFSET_PAST_LOG_END');
    expect(stopped?.error?.message).toMatch(/next offset is 5000, the brokers have 0 up to 10: .*made anew/);
    expect(stopped?.error?.message).toContain(`recollect partitions restart ${topic}:0 --from earliest`);
    const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${keys.reader}` } });
    const figures = await answer.text();
    expect(figures).toContain(`recollect_ingest_stopped{topic="${topic}",partition="0"} 1`);
    expect(figures).toContain(`recollect_ingest_stopped{topic="${topic}",partition="1"} 0`);
    expect(await recollect('list')).toMatch(/:0 {2}next offset 5000 {2}\S+ {2}stopped\n {2}OFFSET_PAST_LOG_END: /);
    await until(async () => (await count()) === 5_001, 20_000);
    await until(
      async () => (await partitions()).some((one) => one.topic.endsWith('items') && one.nextOffset === '1'),
      20_000,
    );

    expect(await recollect('restart', `${topic}:0`, '--from', 'earliest')).toBe(
      `${topic}:0  goes on from 0; before: 5000\n`,
    );
    await ingestion.untilConsumed(60_000);
    expect(await count()).toBe(5_011); // those of before and after without an id are at the same places
    await until(async () => (await standing())?.lag === 0, 20_000);
    expect(await standing()).toMatchObject({ state: 'RUNNING', nextOffset: '10', error: null });
    await expectMemoriesToEqualTheLog(ingestion.database.dataSource, 1);

    // the same messages read once more are known
    await recollect('restart', topic, '--from', 'earliest');
    await until(async () => (await standing())?.nextOffset === '10', 60_000);
    await ingestion.untilConsumed(60_000);
    expect(await count()).toBe(5_011);
  }, 240_000);

  it('is noticed while it is read, and can be gone on with from anywhere in it', async () => {
    await startProcess();
    await ingestion.send(
      topic,
      Array.from({ length: 100 }, (_, n) => event(n, 'old')),
    );
    await ingestion.untilConsumed(60_000);
    await recreate();
    await ingestion.send(
      topic,
      Array.from({ length: 10 }, (_, n) => event(n, 'new')),
    );
    await until(async () => (await standing())?.state === 'STOPPED', 90_000);
    expect(await count()).toBe(100);
    await recollect('restart', `${topic}:0`, '--from', '4');
    await ingestion.untilConsumed(60_000);
    expect(await count()).toBe(106);
    await ingestion.send(topic, [event(11, 'after')]);
    await ingestion.untilConsumed(60_000);
    await recollect('restart', `${topic}:0`, '--from', 'latest');
    await until(async () => (await standing())?.state === 'RUNNING', 60_000);
    await ingestion.send(topic, [event(12, 'after')]);
    await ingestion.untilConsumed(60_000);
    expect(await count()).toBe(108);
  }, 240_000);

  it('is restarted only where that makes sense, and shown to operators alone', async () => {
    await ingestion.send(topic, [event(1, 'one')]);
    expect(await recollect('restart', 'nothing:0', '--from', 'earliest')).toMatch(
      /is not consumed here: .*interactions/,
    );
    expect(await recollect('restart', `${topic}:9`, '--from', 'earliest')).toBe(`the brokers have no ${topic}:9`);
    expect(await recollect('restart', `${topic}:0`, '--from', 'yesterday')).toMatch(/none of earliest, latest and an/);
    expect(await recollect('restart', `${topic}:0`, '--from', '2')).toMatch(
      /the offsets 0 up to 1, 2 is not among them/,
    );
    expect(await recollect('restart', topic, '--from', '1')).toMatch(/an offset is that of one partition/);
    expect(await partitions()).toEqual([]);
    expect(await recollect('restart', `${topic}:0`, '--from', 'latest')).toMatch(/goes on from 1; before: not begun/);
    expect(await standing()).toMatchObject({ state: 'UNOWNED', nextOffset: '1', lag: null });
    const { errors } = await askOf(api, '{ ingestStatus { partitions { topic } } }', {}, keys.reader);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
