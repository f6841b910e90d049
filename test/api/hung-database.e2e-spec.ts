import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TcpProxy } from '../faults/proxy.js';
import { eventually, putItems, startApi, track, type RunningApi } from './running-api.js';

const timeoutMs = 400;
const requestTimeoutMs = 4_000;

describe('a database that hangs', () => {
  let api: RunningApi;
  let proxy: TcpProxy;
  beforeAll(async () => {
    const { port, href } = urlOf(process.env.RECOLLECT_TEST_DATABASE_URL ?? '');
    proxy = await TcpProxy.listen();
    proxy.target = port;
    api = await startApi('hung_database_spec', {
      DATABASE_URL: href.replace(`:${port}`, `:${proxy.port}`),
      DATABASE_TIMEOUT_MS: String(timeoutMs),
      DATABASE_POOL_SIZE: '4',
      RECOLLECT_REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
    });
    await putItems(api, ['a']);
    await track(api, [{ userId: 'u', itemId: 'a' }]);
  });
  afterAll(async () => {
    proxy.setWeather({});
    await api.stop();
    await proxy.close();
  });
  const health = async (): Promise<unknown> => (await api.send({ method: 'GET', url: '/health/ready' })).json();
  const query = '{ user(id: "u") { interactions { edges { node { id } } } } item(id: "a") { id } }';

  it('is told by codes within the time of a request, however many ask, and by health; then answers come again', async () => {
    expect((await api.ask(query)).errors).toEqual([]);
    proxy.setWeather({ isBlackHole: true });
    const asked = performance.now();
    const replies = await Promise.all(Array.from({ length: 12 }, async () => api.ask(query)));
    expect(performance.now() - asked).toBeLessThan(2 * requestTimeoutMs);
    for (const { status, errors } of replies) {
      expect([200, 503]).toContain(status);
      expect(errors).not.toEqual([]);
      for (const { extensions } of errors)
        expect(['DATABASE_UNAVAILABLE', 'LIMIT_EXCEEDED']).toContain(extensions.code);
    }
    expect(replies.some(({ errors }) => errors[0]?.extensions.code === 'DATABASE_UNAVAILABLE')).toBe(true);
    expect(await health()).toMatchObject({ status: 'not ready', database: { ok: false } });
    proxy.setWeather({});
    await eventually(async () => {
      expect((await api.ask(query)).errors).toEqual([]);
      expect(await health()).toMatchObject({ status: 'ready', database: { ok: true } });
    });
  });

  it('takes no connection away for good: with one statement that waits for ever the others are answered', async () => {
    const holder = api.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE item');
    const waiting = await Promise.all(Array.from({ length: 6 }, async () => api.ask('{ item(id: "a") { id } }')));
    const codes = new Set(waiting.map(({ errors }) => errors[0]?.extensions.code));
    expect([...codes]).toEqual(['DATABASE_UNAVAILABLE']);
    expect((await api.ask('{ user(id: "u") { properties } }')).errors).toEqual([]);
    await holder.rollbackTransaction();
    await holder.release();
    expect((await api.ask('{ item(id: "a") { id } }')).errors).toEqual([]);
  });
});

function urlOf(text: string): { readonly port: number; readonly href: string } {
  return { port: Number(new URL(text).port), href: text };
}
