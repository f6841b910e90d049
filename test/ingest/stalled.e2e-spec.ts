import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithBroker, testIngestion, until, type TestIngestion } from '../service.js';
import { IngestProcess } from './ingest-process.js';

describeWithBroker('a consumer that hangs', () => {
  let ingestion: TestIngestion;
  beforeAll(async () => {
    ingestion = await testIngestion('stalled_spec', { RECOLLECT_STALL_TIMEOUT_MS: '5000' });
  });
  afterAll(async () => {
    await ingestion.close();
  });

  it('is replaced, and when that does not help ends its process, which loses nothing', async () => {
    const { dataSource } = ingestion.database;
    const topic = ingestion.topics.interactions;
    const send = async (id: string): Promise<void> =>
      ingestion.send(topic, [
        {
          key: 'u',
          value: JSON.stringify({ id, userId: 'u', itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' }),
        },
      ]);
    const ingest = new IngestProcess(ingestion.settings);
    await send('before');
    await ingestion.untilConsumed();

    const holder = dataSource.createQueryRunner(); // a transaction elsewhere that does not end
    await holder.startTransaction();
    try {
      await holder.query('SELECT FROM consumer_progress FOR UPDATE');
      await send('held up');
      await until(async () => ingest.exitCode !== null, 60_000);
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
      await ingest.kill();
    }
    expect(ingest.exitCode).toBe(70);
    expect(ingest.log).toContain('restart the consumer');
    expect(ingest.log).toContain('end the process');

    const next = new IngestProcess(ingestion.settings);
    await ingestion.untilConsumed();
    await next.stop();
    expect(await dataSource.query('SELECT id FROM interaction ORDER BY arrival')).toEqual([
      { id: 'before' },
      { id: 'held up' },
    ]);
  }, 120_000);
});
