import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IngestProcess, testIngestion, until, type TestIngestion } from '../service.js';

describe('a consumer that hangs', () => {
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

    const holder = dataSource.createQueryRunner(); // a transaction elsewhere that never ends
    await holder.startTransaction();
    await holder.query('SELECT FROM consumer_progress FOR UPDATE');
    await send('held up');
    await until(async () => ingest.exitCode !== null, 50_000);
    expect(ingest.exitCode).toBe(70);
    expect(ingest.log).toContain('restart the consumer');
    expect(ingest.log).toContain('end the process');
    await holder.rollbackTransaction();
    await holder.release();

    const next = new IngestProcess(ingestion.settings);
    await ingestion.untilConsumed();
    await next.stop();
    expect(await dataSource.query('SELECT id FROM interaction ORDER BY arrival')).toEqual([
      { id: 'before' },
      { id: 'held up' },
    ]);
  }, 120_000);
});
