import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from './fresh-database.js';
import { startProgram, type Started } from './program.js';

const brokers = process.env.RECOLLECT_TEST_KAFKA_BROKERS;
const schema = 'roles_spec';

const start = async (environment: Readonly<Record<string, string>>): Promise<Started> =>
  startProgram(schema, { KAFKA_TOPIC_PREFIX: 'roles-spec.', ...environment });

async function untilReady({ url, output }: Started): Promise<unknown> {
  for (let waited = 0; waited < 30_000; waited += 100) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.status === 200) return answer.json();
    await sleep(100);
  }
  throw new Error(`not ready:\n${output()}`);
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => child.once('exit', done));
}

describe('the program', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase(schema);
  });
  afterAll(async () => {
    await database.drop();
  });

  const roles = [
    { RECOLLECT_ROLE: 'api' },
    { RECOLLECT_ROLE: 'train' },
    ...(brokers === undefined ? [] : [{ RECOLLECT_ROLE: 'ingest', KAFKA_BROKERS: brokers }]),
  ];

  it.each(roles)('gets ready, and stops in order on SIGTERM, as %j', async (environment) => {
    const started = await start(environment);
    expect(await untilReady(started)).toMatchObject({
      status: 'ready',
      database: { ok: true },
      migrations: { ok: true },
    });
    const exit = exitOf(started.child);
    started.child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('shows the operator key at the first start and never again', async () => {
    await database.dataSource.query('DELETE FROM api_key');
    for (const isFirst of [true, false]) {
      const started = await start({ RECOLLECT_ROLE: 'api' });
      await untilReady(started);
      expect(/rk_[0-9a-f]{12}_\S{43}/.test(started.output())).toBe(isFirst);
      const exit = exitOf(started.child);
      started.child.kill('SIGTERM');
      await exit;
    }
  });

  it('says that its port is taken', async () => {
    const first = await start({ RECOLLECT_ROLE: 'api' });
    await untilReady(first);
    const second = await start({ RECOLLECT_ROLE: 'api', RECOLLECT_PORT: new URL(first.url).port });
    expect(await exitOf(second.child)).toBe(1);
    expect(second.output()).toContain('PORT_IN_USE');
    const exit = exitOf(first.child);
    first.child.kill('SIGTERM');
    await exit;
  });

  it('names every wrong setting and does not start', async () => {
    const started = await start({ RECOLLECT_ROLE: 'api', RECOLLECT_PORT: 'http', RECOLLECT_TRAIN_CRON: 'sometimes' });
    expect(await exitOf(started.child)).toBe(1);
    expect(started.output()).toMatch(/SETTINGS_INVALID[^]*RECOLLECT_PORT[^]*RECOLLECT_TRAIN_CRON/);
  });
});
