import { describe, expect, it } from '@jest/globals';
import { until } from '../service.js';
import { IngestProcess } from './ingest-process.js';

describe('an ingest process of the tests', () => {
  it('tells why it ended, though its last lines come after its end', async () => {
    const child = new IngestProcess({ RECOLLECT_ROLE: 'ingest', RECOLLECT_INGEST_BATCH_COUNT: 'many' });
    await until(async () => Promise.resolve(child.exitCode !== null), 30_000);
    await expect(child.refuseEnded()).rejects.toThrow(/by itself with code 1:\n[^]*RECOLLECT_INGEST_BATCH_COUNT/);
  });

  it('tells which signal ended it, as the kernel does where memory runs out', async () => {
    const child = new IngestProcess({ RECOLLECT_ROLE: 'ingest', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    await child.refuseEnded();
    await child.kill();
    await expect(child.refuseEnded()).rejects.toThrow('by SIGKILL');
  });
});
