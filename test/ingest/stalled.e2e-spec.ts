import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
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

describeWithBroker('a consumer that fails at what it reads', () => {
  let ingestion: TestIngestion;
  beforeAll(async () => {
    ingestion = await testIngestion('unreadable_spec', { KAFKA_MAX_BATCH_BYTES: '1048576' });
  });
  afterAll(async () => {
    await ingestion.close();
  });

  it('says why and waits before it joins the group again', async () => {
    kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(buffer)),
    });
    const kafka = new kafkajs.Kafka({
      brokers: [ingestion.settings.KAFKA_BROKERS ?? ''],
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = Array.from({ length: 20_001 }, () => ({ value: 'x'.repeat(60), partition: 0 })); // too many to refuse one by one
    await producer.send({
      topic: ingestion.topics.interactions,
      compression: kafkajs.CompressionTypes.ZSTD,
      messages,
    });
    await producer.disconnect();

    const ingest = new IngestProcess(ingestion.settings);
    const failures = (): number => ingest.log.split('the Kafka consumer failed').length - 1;
    try {
      await until(async () => Promise.resolve(failures() > 0), 60_000);
      expect(ingest.log).toMatch(/offsets 0 to 20000 .* delete the records of its partition before 20001/);
      await sleep(3_000);
      expect(failures()).toBe(1);
    } finally {
      await ingest.kill();
    }
  }, 150_000);
});
