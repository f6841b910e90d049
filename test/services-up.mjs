/** Starts one Postgres and, where Java is there, one Kafka broker for the whole end-to-end run; each spec takes a schema and topics of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from '../dist/src/embedded/kafka.js';
import { startPostgres } from '../dist/src/embedded/postgres.js';

export default async function servicesUp() {
  const folder = mkdtempSync(join(tmpdir(), 'recollect-test-'));
  const postgres = await startPostgres(folder);
  process.env.RECOLLECT_TEST_DATABASE_URL = postgres.url;
  const kafka = await startBroker(folder);
  if (kafka !== null) process.env.RECOLLECT_TEST_KAFKA_BROKERS = kafka.brokers;
  globalThis.recollectServices = {
    folder,
    stop: async () => void (await Promise.all([postgres.stop(), kafka?.stop()])),
  };
}

/** Without Java the specs that need a broker are skipped, and this says why. */
async function startBroker(folder) {
  try {
    return await startKafka(folder);
  } catch (error) {
    if (error.code !== 'EMBEDDED_SERVICE_FAILED') throw error;
    process.stderr.write(`\nNo Kafka broker, its tests are skipped: ${error.message}\n`);
    return null;
  }
}
