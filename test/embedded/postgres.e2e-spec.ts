import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { runningPostgres, startPostgres } from '../../src/embedded/postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'recollect-postgres-'));

describe('the Postgres of the demo', () => {
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is not taken from a process that still uses it, but from one that was killed', async () => {
    const module = fileURLToPath(new URL('../../dist/src/embedded/postgres.js', import.meta.url));
    const script = `const { startPostgres } = await import(${JSON.stringify(module)}); const { url } = await startPostgres(${JSON.stringify(folder)}); process.stdout.write(url); setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [url] = (await once(owner.stdout, 'data')) as [Buffer];
    await expect(startPostgres(folder)).rejects.toMatchObject({
      code: 'EMBEDDED_SERVICE_FAILED',
      message: expect.stringContaining(`in use by the process ${owner.pid}`),
    });
    expect(runningPostgres(folder)).toBe(String(url));

    const exit = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exit;
    const next = await startPostgres(folder);
    expect(next.url).not.toBe(String(url));
    await next.stop();
  }, 60_000);
});
