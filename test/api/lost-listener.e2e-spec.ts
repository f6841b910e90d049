/** Case M08: a replica that lost the connection by which it hears of changes. Nobody looks here unless he heard of something. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Catalogue } from '../../src/recommend/catalogue.js';
import { answerMs, pingMs } from '../../src/storage/notifications.js';
import { Metrics } from '../../src/telemetry.js';
import { TcpProxy } from '../faults/proxy.js';
import { askOf, eventually, promoteRandom, putItems, startApi, startReplica, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const schema = 'lost_listener_spec';
const blackHoleMs = 60_000;

describe('a replica that lost its listener', () => {
  let one: RunningApi;
  let two: NestFastifyApplication;
  let proxy: TcpProxy;
  let postgresPort: number;
  beforeAll(async () => {
    one = await startApi(schema, { RECOLLECT_REFRESH_MS: '60000' });
    proxy = await TcpProxy.listen();
    const url = new URL(one.config.databaseUrl ?? '');
    postgresPort = Number(url.port);
    proxy.target = postgresPort;
    url.port = String(proxy.port);
    two = await startReplica({ ...one.config, databaseUrl: url.href, refreshMs: 10 * blackHoleMs }, one.dataSource);
    await eventually(async () => {
      expect(await figure('recollect_listener_connects_total')).toBe(1);
    });
  });
  afterAll(async () => {
    await two.close();
    await one.stop();
    await proxy.close();
  });

  const figure = async (name: string): Promise<number> => {
    const line = (await two.get(Metrics).read()).split('\n').find((text) => text.startsWith(`${name} `));
    return Number(line?.split(' ')[1]);
  };
  /** what the second replica answers, of a category */
  const answered = async (category: string): Promise<readonly string[]> => {
    const { data } = await askOf<{ recommendations: AnswerView }>(
      two,
      `query($filter: ItemFilter) { recommendations(input: { userId: "nobody", first: 100, filter: $filter }) { items { item { id } } } }`,
      { filter: { categories: { eq: category } } },
      one.key,
    );
    return data.recommendations.items.map(({ item }) => item.id).sort();
  };
  const expectSize = (size: number): void => {
    expect(two.get(Catalogue).size).toBe(size);
  };
  /** of the replica that began to listen last */
  const endListener = async (): Promise<void> => {
    const ended: unknown[] = await one.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM (
         SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY backend_start DESC LIMIT 1) listener`,
      [`recollect listener of ${schema}`],
    );
    expect(ended).toHaveLength(1);
  };

  it('hears of items and of another model while it has one', async () => {
    await putItems(one, [
      { id: 'a', categories: ['red'] },
      { id: 'b', categories: ['red'] },
    ]);
    await eventually(async () => {
      expectSize(2);
      expect(await answered('red')).toEqual(['a', 'b']);
    });
    const version = await promoteRandom(one, ['a', 'b']);
    await eventually(async () => {
      expect(two.get(LiveModel).current()?.version).toBe(version);
    });
  });

  it('finds what it missed once it has one again, and the figures tell of it meanwhile', async () => {
    const connects = await figure('recollect_listener_connects_total');
    proxy.target = 1; // nobody is there
    await endListener();
    await sleep(500);
    await putItems(one, [
      { id: 'c', categories: ['blue'] },
      { id: 'b', categories: ['red'], available: false },
      { id: 'a', categories: ['blue'] },
      { id: 'd' },
    ]);
    const version = await promoteRandom(one, ['a', 'c']);
    expect(await answered('red')).toEqual([]); //                what it must not answer it knows by Postgres
    await sleep(1_000);
    expectSize(2);
    expect(await answered('blue')).toEqual([]);
    expect(await figure('recollect_catalogue_age_seconds')).toBeGreaterThan(1);
    expect(await figure('recollect_listener_silence_seconds')).toBeGreaterThan(1);
    proxy.target = postgresPort;
    await eventually(async () => {
      expectSize(3);
      expect(await answered('blue')).toEqual(['a', 'c']);
      expect(two.get(LiveModel).current()?.version).toBe(version);
    });
    expect(await figure('recollect_listener_connects_total')).toBe(connects + 1);
  });

  it('notices one that died without a word, and makes another', async () => {
    const connects = await figure('recollect_listener_connects_total');
    proxy.setWeather({ isBlackHole: true });
    const begun = Date.now();
    const version = await promoteRandom(one, ['a', 'c', 'e']);
    await putItems(one, [
      { id: 'a', categories: ['red'] },
      { id: 'c', categories: ['blue'], available: false },
      { id: 'e', categories: ['blue'] },
    ]);
    while (Date.now() - begun < blackHoleMs) {
      expect(await answered('blue')).toEqual([]); //              no longer blue, hidden, not heard of
      await sleep(1_000);
    }
    expectSize(3);
    expect(two.get(LiveModel).current()?.version).not.toBe(version);
    expect(await figure('recollect_catalogue_age_seconds')).toBeGreaterThan(50);
    expect(await figure('recollect_listener_silence_seconds')).toBeGreaterThan(50);
    proxy.setWeather({});
    await eventually(
      async () => {
        expect(await answered('blue')).toEqual(['e']);
        expect(await answered('red')).toEqual(['a']);
        expectSize(3);
        expect(two.get(LiveModel).current()?.version).toBe(version);
      },
      pingMs + answerMs + 5_000,
    );
    expect(await figure('recollect_listener_connects_total')).toBe(connects + 1);
  }, 120_000);
});
