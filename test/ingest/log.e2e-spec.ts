import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithBroker, testIngestion, until, type TestIngestion } from '../service.js';
import { IngestProcess } from './ingest-process.js';

const user = 'person-4711';

describeWithBroker('the log of an ingest process', () => {
  let ingestion: TestIngestion;
  beforeAll(async () => {
    ingestion = await testIngestion('log_spec', { RECOLLECT_LOG_LEVEL: 'trace' });
  });
  afterAll(async () => {
    await ingestion.close();
  });

  it('holds no user id at any level, whether interactions are applied, refused, or fail in the database', async () => {
    const { dataSource } = ingestion.database;
    const good = { id: 'one', userId: user, itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
    const send = async (bodies: readonly unknown[]): Promise<void> =>
      ingestion.send(
        ingestion.topics.interactions,
        bodies.map((body) => ({ key: user, value: JSON.stringify(body) })),
      );
    const ingest = new IngestProcess(ingestion.settings);
    try {
      await send([good, { ...good, id: 'two', kind: 'wave' }, { ...good, id: 'three', userId: `${user}\0` }]);
      await ingestion.untilConsumed();

      await dataSource.query('ALTER TABLE interaction RENAME TO hidden');
      await send([{ ...good, id: 'four' }]);
      await until(async () => /relation .{0,4}interaction.{0,4} does not exist/.test(ingest.log), 20_000);
      await dataSource.query('ALTER TABLE hidden RENAME TO interaction');
      await ingestion.untilConsumed();
    } finally {
      await ingest.stop();
    }
    expect(ingest.log).toContain('joined the consumer group');
    expect(ingest.log).not.toContain(user);
  });
});
