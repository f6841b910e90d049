import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { startKafka } from '../../src/embedded/kafka.js';
import { describeWithBroker } from '../service.js';

const folder = mkdtempSync(join(tmpdir(), 'recollect-kafka-'));

async function topicsOf(brokers: string): Promise<readonly string[]> {
  const admin = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: `made-by-${brokers.replace(':', '-')}` }] });
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

describeWithBroker('the broker of the demo', () => {
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps its topics from start to start, and stops a broker that a killed process left on the folder', async () => {
    const first = await startKafka(folder);
    const before = await topicsOf(first.brokers);
    await first.stop();

    const module = fileURLToPath(new URL('../../dist/src/embedded/kafka.js', import.meta.url));
    const script = `const { startKafka } = await import(${JSON.stringify(module)}); await startKafka(${JSON.stringify(folder)}); process.kill(process.pid, 'SIGKILL');`;
    const killed = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    await once(killed, 'exit');
    const orphan = Number(readFileSync(join(folder, 'kafka', 'kafka.pid'), 'utf8'));
    expect(() => process.kill(orphan, 0)).not.toThrow(); // it runs on

    const second = await startKafka(folder);
    expect(() => process.kill(orphan, 0)).toThrow();
    expect(await topicsOf(second.brokers)).toEqual(expect.arrayContaining([...before]));
    await second.stop();
  }, 120_000);
});
