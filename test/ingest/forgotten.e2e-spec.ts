/** What was forgotten or erased, and comes once more by Kafka: as a repeat, from the beginning of the topic, or under the same id anew. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Erasure } from '../../src/memory/erasure.js';
import { Forgetting } from '../../src/memory/forgetting.js';
import { tester } from '../actor.js';
import {
  describeWithBroker,
  liveNetwork,
  startIngestion,
  testIngestion,
  until,
  type TestIngestion,
} from '../service.js';
import { expectMemoriesToEqualTheLog } from '../written-log.js';

const items = ['a', 'b', 'c'];

describeWithBroker('what was forgotten', () => {
  let ingestion: TestIngestion;
  let app: INestApplicationContext;
  beforeAll(async () => {
    ingestion = await testIngestion('forgotten_spec');
    await liveNetwork(ingestion.database, items);
    app = await startIngestion(ingestion);
  });
  afterAll(async () => {
    await app.close();
    await ingestion.close();
  });

  const query = async <Row>(statement: string): Promise<readonly Row[]> =>
    ingestion.database.dataSource.query<Row[]>(statement);
  const log = async (): Promise<readonly string[]> => {
    const rows = await query<{ user_id: string; item_id: string; at: string }>(
      `SELECT user_id, item_id, extract(epoch FROM occurred_at)::text AS at FROM interaction ORDER BY user_id, occurred_at`,
    );
    return rows.map((row) => `${row.user_id} ${row.item_id}`);
  };
  const send = async (
    userId: string,
    events: readonly (readonly [string | null, string])[],
    minute = 0,
  ): Promise<void> =>
    ingestion.send(
      ingestion.topics.interactions,
      events.map(([id, itemId], n) => ({
        key: userId,
        value: JSON.stringify({
          ...(id === null ? {} : { id }),
          ...{ userId, itemId, kind: 'view', occurredAt: new Date(Date.UTC(2026, 0, 1, 0, minute + n)).toISOString() },
        }),
      })),
    );
  const memories = async (): Promise<unknown> => query('SELECT user_id, state FROM user_memory ORDER BY 1');

  it('is not taken again, and neither is anything of a user who was erased', async () => {
    await send('ann', [
      ['e0', 'a'],
      ['e1', 'b'],
      [null, 'c'], // its id comes from its place in the topic
    ]);
    await send('gone', [
      ['g0', 'a'],
      [null, 'b'],
    ]);
    await ingestion.untilConsumed();
    expect(await log()).toEqual(['ann a', 'ann b', 'ann c', 'gone a', 'gone b']);

    const selection = { ids: null, itemIds: ['b', 'c'], kinds: null, from: null, until: null };
    expect(await app.get(Forgetting).forgetInteractions(tester, 'ann', selection)).toMatchObject({ count: 2 });
    expect(await app.get(Erasure).eraseUser(tester, 'gone')).toMatchObject({ interactions: 2 });
    expect(await log()).toEqual(['ann a']);
    const before = await memories();

    await send('ann', [
      ['e0', 'a'],
      ['e1', 'b'],
    ]); //                      a producer that repeats itself
    await send(
      'gone',
      [
        ['g0', 'a'],
        ['new', 'c'],
      ],
      60,
    ); //                an old one and one that never was
    await ingestion.send(ingestion.topics.users, [{ key: 'gone', value: '{"properties": {"city": "Oslo"}}' }]);
    await ingestion.untilConsumed();
    expect(await log()).toEqual(['ann a']);
    expect(await memories()).toEqual(before);
    expect(await query('SELECT id FROM user_profile')).toEqual([]);
    expect(await query('SELECT code FROM dead_letter')).toEqual([]);
  });

  it('stays away when the whole topic is read once more, while new events enter', async () => {
    await app.close();
    await query('UPDATE consumer_progress SET next_offset = 0');
    app = await startIngestion(ingestion);
    await send('ann', [['e9', 'c']], 90);
    await send('gone', [['g9', 'c']], 90);
    await ingestion.untilConsumed();
    await until(async () => (await log()).length === 2, 30_000);
    expect(await log()).toEqual(['ann a', 'ann c']);
    expect(await query('SELECT code FROM dead_letter')).toEqual([]);
    const [live] = await query<{ version: number }>('SELECT version FROM live_model');
    await expectMemoriesToEqualTheLog(ingestion.database.dataSource, live?.version ?? NaN);
  });
});
