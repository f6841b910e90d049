import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithBroker, testIngestion, until, type TestIngestion } from './service.js';

describeWithBroker('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recollect-demo-'));
  let ingestion: TestIngestion;
  beforeAll(async () => {
    ingestion = await testIngestion('demo_spec');
  });
  afterAll(async () => {
    await ingestion.close();
    rmSync(folder, { recursive: true });
  });

  it('ends when it is asked to before it consumes', async () => {
    const main = fileURLToPath(new URL('../dist/src/cli/recollect.js', import.meta.url));
    const settings = { ...ingestion.settings, RECOLLECT_PORT: '0', RECOLLECT_DATA_DIR: folder };
    const demo = spawn(process.execPath, [main, 'demo'], {
      env: { PATH: process.env.PATH, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    await until(async () => Promise.resolve(output.includes('Postgres of DATABASE_URL')), 60_000);
    demo.kill('SIGTERM');
    const exit = once(demo, 'exit', { signal: AbortSignal.timeout(60_000) }) as Promise<[number | null]>;
    const [code] = await exit.catch(() => {
      throw new Error(`the demo goes on:\n${output}`);
    });
    expect(code).toBe(0);
    expect(output).toContain('stopping');
  }, 150_000);
});
