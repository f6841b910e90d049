/** M01: a client retries and a webhook fires twice, so one event comes many times at once, by every way in; it is remembered once. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createKey } from '../../src/api/api-key.js';
import { encodeState } from '../../src/model/user-state.js';
import type { Network } from '../../src/model/network.js';
import { askOf, eventually, startReplica } from '../api/running-api.js';
import type { TrackedView } from '../api/views.js';
import { describeWithBroker, liveNetwork, startIngestion, testIngestion, type TestIngestion } from '../service.js';

const row = { id: 'dup-1', userId: 'u1', itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
const mutation = `mutation($rows: [InteractionInput!]!) { trackInteractions(input: { interactions: $rows }) {
  accepted duplicates refused verdicts { index status id error { code field message } } userErrors { code field message } } }`;

type Row = typeof row;

describeWithBroker('the same event twenty times at once', () => {
  let ingestion: TestIngestion;
  let replicas: readonly NestFastifyApplication[];
  let ingest: INestApplicationContext;
  let key: string;
  beforeEach(async () => {
    ingestion = await testIngestion('same_event_spec', { RECOLLECT_REFRESH_MS: '50', DATABASE_POOL_SIZE: '30' });
    const { config, dataSource } = ingestion.database;
    await dataSource.query(
      `INSERT INTO item (id, change_number) SELECT unnest('{a,b}'::text[]), pg_current_xact_id()::text::bigint`,
    );
    replicas = [await startReplica(config, dataSource), await startReplica(config, dataSource)];
    ingest = await startIngestion(ingestion);
    key = (await createKey(dataSource.manager, { name: 'test', scopes: ['operator'], expiresAt: null })).key;
  });
  afterEach(async () => {
    await ingest.close();
    await Promise.all(replicas.map(async (replica) => replica.close()));
    await ingestion.close();
  });

  const ask = async <Data>(replica: number, query: string, variables?: Readonly<Record<string, unknown>>) => {
    const app = replicas[replica % replicas.length];
    if (app === undefined) throw new Error('there is no replica');
    return askOf<Data>(app, query, variables, key);
  };
  const query = async <R>(sql: string): Promise<R[]> => ingestion.database.dataSource.query(sql);

  /** Twenty requests of two replicas and the messages of Kafka together; returns the statuses of the requests. */
  const sendAtOnce = async (rowOf: (n: number) => Row): Promise<readonly string[]> => {
    const byReplicas = Array.from({ length: 20 }, async (_, n) => ask<TrackedView>(n, mutation, { rows: [rowOf(n)] }));
    const byKafka = ingestion.send(ingestion.topics.interactions, [
      { key: 'u1', value: JSON.stringify(rowOf(20)) },
      { key: null, value: JSON.stringify(rowOf(21)), partition: 5 },
    ]);
    const replies = await Promise.all(byReplicas);
    await byKafka;
    await ingestion.untilConsumed();
    expect(replies.flatMap(({ errors }) => errors)).toEqual([]);
    return replies.flatMap(({ data }) => data.trackInteractions.verdicts.map(({ status }) => status));
  };
  const expectOneStep = async (network: Network, itemId: string): Promise<void> => {
    expect(await query('SELECT user_id, id, item_id FROM interaction')).toEqual([
      { user_id: 'u1', id: 'dup-1', item_id: itemId },
    ]);
    const { state } = network.trace([network.vocabulary.rowOf(itemId)]);
    expect(await query(`SELECT state, interactions_applied FROM user_memory`)).toEqual([
      { state: encodeState(state), interactions_applied: '1' },
    ]);
  };

  it('is one row, one step of the memory and one count, accepted once', async () => {
    const network = await liveNetwork(ingestion.database, ['a', 'b']);
    const statuses = await sendAtOnce(() => row);
    const accepted = statuses.filter((status) => status === 'ACCEPTED');
    expect(accepted.length).toBeLessThanOrEqual(1); // Kafka may have been first
    expect(statuses.filter((status) => status !== 'ACCEPTED')).toEqual(
      Array.from({ length: 20 - accepted.length }, () => 'DUPLICATE'),
    );
    await expectOneStep(network, 'a');
    await eventually(async () => {
      const { data } = await ask(
        1,
        '{ recommendations(input: { userId: "u1" }) { interactionsSeen } popularItems(input: {}) { items { score item { id } } } }',
      );
      expect(data).toMatchObject({
        recommendations: { interactionsSeen: 1 },
        popularItems: { items: [{ score: 1, item: { id: 'a' } }] },
      });
    });

    const other = await ask<TrackedView>(0, mutation, { rows: [{ ...row, itemId: 'b' }] });
    expect(other.data.trackInteractions).toMatchObject({
      accepted: 0,
      duplicates: 1,
      verdicts: [{ status: 'DUPLICATE_DIFFERS', id: 'dup-1' }],
    });
    await expectOneStep(network, 'a');

    const ofAnother = await ask<TrackedView>(1, mutation, { rows: [{ ...row, userId: 'u2' }] });
    expect(ofAnother.data.trackInteractions).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it('is whichever came first where its contents differ, and before the first model too', async () => {
    const statuses = await sendAtOnce((n) => ({ ...row, itemId: n % 2 === 0 ? 'a' : 'b' }));
    const [{ item_id: itemId } = { item_id: '' }] = await query<{ item_id: string }>('SELECT item_id FROM interaction');
    expect(await query('SELECT item_id, count::int FROM item_count')).toEqual([{ item_id: itemId, count: 1 }]);
    const told = (n: number): string => ((n % 2 === 0) === (itemId === 'a') ? 'DUPLICATE' : 'DUPLICATE_DIFFERS');
    const firsts = statuses.flatMap((status, n) => (status === 'ACCEPTED' ? [n] : []));
    expect(firsts.length).toBeLessThanOrEqual(1);
    expect(statuses).toEqual(statuses.map((_, n) => (firsts.includes(n) ? 'ACCEPTED' : told(n))));
  });
});
