import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs, { type CompressionTypes, type Producer } from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { kafkaJars } from '../../src/embedded/kafka-jars.js';
import { defaultCacheFolder, kafkaVersion } from '../../src/embedded/kafka.js';
import { describeWithBroker, testIngestion, until, type TestIngestion } from '../service.js';
import { IngestProcess } from './ingest-process.js';

const { GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
const codecs = [
  ['gzip', GZIP, gzipSync],
  ['snappy', Snappy, compressSync],
  ['lz4', LZ4, compressFrameSync],
  ['zstd', ZSTD, zstdCompressSync],
] as const;
const itWithJdk = spawnSync('javac', ['-version']).status === 0 ? it : it.skip; // it compiles the producer

const event = (id: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ id, userId: 'ula', itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z', ...more });

describeWithBroker('compressed messages', () => {
  let ingestion: TestIngestion;
  let ingest: IngestProcess;
  let producer: Producer;
  beforeAll(async () => {
    ingestion = await testIngestion('codecs_spec', { KAFKA_MAX_BATCH_BYTES: '1048576' });
    ingest = new IngestProcess(ingestion.settings);
    const table: Record<number, () => object> = kafkajs.CompressionCodecs;
    for (const [, type, compress] of codecs) {
      table[type] = () => ({
        compress: async ({ buffer }: { buffer: Buffer }) => Promise.resolve(compress(buffer)),
      });
    }
    const brokers = [ingestion.settings.KAFKA_BROKERS ?? ''];
    const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
    producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await until(async () => Promise.resolve(ingest.log.includes('joined the consumer group')), 60_000);
  }, 90_000);
  afterAll(async () => {
    await producer.disconnect();
    await ingest.stop();
    await ingestion.close();
  });

  const logged = async (prefix: string): Promise<readonly string[]> =>
    (
      await ingestion.database.dataSource.query<{ id: string }[]>(
        'SELECT id FROM interaction WHERE starts_with(id, $1) ORDER BY arrival',
        [prefix],
      )
    ).map(({ id }) => id);
  const send = async (compression: CompressionTypes, values: readonly string[]): Promise<void> => {
    const messages = values.map((value) => ({ key: 'ula', value }));
    await producer.send({ topic: ingestion.topics.interactions, compression, messages });
  };

  it.each(codecs)('arrive in %s', async (...[name, type]) => {
    const ids = Array.from({ length: 300 }, (_, n) => `${name}-${n}`);
    await send(
      type,
      ids.map((id) => event(id)),
    );
    await ingestion.untilConsumed();
    expect(await logged(`${name}-`)).toEqual(ids);
  });

  itWithJdk(
    'arrive in each of them as the producer of Apache Kafka writes them',
    async () => {
      const jars = join(kafkaJars(kafkaVersion, defaultCacheFolder()), '*');
      const source = fileURLToPath(new URL('Send.java', import.meta.url));
      const names = codecs.map(([name]) => name);
      const target = [ingestion.settings.KAFKA_BROKERS ?? '', ingestion.topics.interactions, ...names];
      const java = spawn('java', ['-Xmx128m', '-cp', jars, source, ...target], { stdio: ['pipe', 'ignore', 'pipe'] });
      let said = '';
      java.stderr.on('data', (text: Buffer) => (said += text.toString()));
      const numbers = Array.from({ length: 2_000 }, (_, n) => n);
      java.stdin.end(numbers.map((n) => event(`java-CODEC-${n}`)).join('\n'));
      const [code] = (await once(java, 'exit')) as [number | null];
      expect([code, code === 0 ? '' : said]).toEqual([0, '']);
      await ingestion.untilConsumed();
      for (const name of names) {
        const ids = numbers.map((n) => `java-${name}-${n}`);
        expect([...(await logged(`java-${name}-`))].sort()).toEqual(ids.sort());
      }
    },
    180_000,
  );

  it('that together become more than is held at once arrive all the same', async () => {
    const filled = 'x'.repeat(900_000); // of an unknown field, and so refused one by one
    for (let n = 0; n < 12; n++) await send(ZSTD, [event(`large-${n}`), event(`filled-${n}`, { filled })]);
    await ingestion.untilConsumed();
    expect(await logged('large-')).toHaveLength(12);
  });

  it('that become larger than is allowed are refused with where they lie, and hold nothing up', async () => {
    const topic = ingestion.topics.interactions;
    const offsetsOf = async (): Promise<bigint> =>
      (await ingestion.admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + BigInt(high), 0n);
    const before = await offsetsOf();
    for (const [name, type] of codecs) {
      await send(type, [event(`bomb-${name}`), 'x'.repeat(8_000_000)]);
      await send(type, [event(`after-${name}`)]);
    }
    expect((await offsetsOf()) - before).toBe(12n);
    await ingestion.untilConsumed();
    expect(await logged('after-')).toEqual(codecs.map(([name]) => `after-${name}`));
    expect(await logged('bomb-')).toEqual([]);
    const letters = (await ingestion.read(`${topic}.dlt`)).filter(
      ({ headers }) => headers?.['recollect-code']?.toString() === 'BATCH_TOO_LARGE',
    );
    expect(letters).toHaveLength(4);
    for (const { key, value, headers } of letters) {
      expect([key, value]).toEqual([null, null]);
      expect(Number(headers?.['recollect-last-offset']) - Number(headers?.['recollect-offset'])).toBe(1);
      expect(String(headers?.['recollect-message'])).toMatch(/more than 1048576, which KAFKA_MAX_BATCH_BYTES allows/);
      expect(Object.keys(headers ?? {}).filter((name) => !name.startsWith('recollect-'))).toEqual([]);
    }
    expect(ingest.exitCode).toBeNull();
    expect(ingest.log).not.toContain('the Kafka consumer failed');
  });
});
