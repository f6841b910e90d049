/** An experiment: users stay in their arms, and the challenger's memories equal a replay of the log whatever happens to it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyMemories } from '../../src/memory/memory-verify.js';
import { Network } from '../../src/model/network.js';
import { isChallenged } from '../../src/promotion/arms.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { findExperiment } from '../../src/storage/experiment.store.js';
import { shareMemoryVersion } from '../../src/storage/log-cut.store.js';
import { setModelStatus } from '../../src/storage/model.store.js';
import {
  eventually,
  promoteRandom,
  putItems,
  startApi,
  startReplica,
  track,
  type RunningApi,
} from '../api/running-api.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';

const items = Array.from({ length: 30 }, (_, n) => `i${n}`);
const users = Array.from({ length: 60 }, (_, n) => `u${n}`);

describe('an experiment', () => {
  let api: RunningApi;
  let [live, challenger] = [0, 0];
  const checkpoint = randomCheckpoint(items, { seed: 2, slots: 3 });
  const network = new Network(checkpoint);
  beforeAll(async () => {
    api = await startApi('experiment_spec', { DATABASE_POOL_SIZE: '12' });
    await putItems(api, items);
    live = await promoteRandom(api, items);
    await track(
      api,
      users.flatMap((userId, n) => [3, 5, 7].map((step) => ({ userId, itemId: items[(n * step) % 30] ?? '' }))),
    );
    challenger = await storeCheckpoint(api.dataSource, checkpoint);
  });
  afterAll(async () => api.stop());

  const promotion = (): Promotion => api.app.get(Promotion);
  const answeredBy = async (userId: string): Promise<number> => {
    const query = 'query($userId: ID!) { recommendations(input: { userId: $userId, first: 3 }) { modelVersion } }';
    return (await api.ask<{ recommendations: { modelVersion: number } }>(query, { userId })).data.recommendations
      .modelVersion;
  };
  const challenged = async (): Promise<readonly string[]> => {
    const experiment = await findExperiment(api.dataSource.manager);
    if (experiment === null) throw new Error('no experiment is under way');
    return users.filter((userId) => isChallenged(experiment, userId));
  };
  const isRight = async (): Promise<void> => {
    await eventually(async () => {
      const wrong: string[] = [];
      const { users: found } = await verifyMemories(api.dataSource, challenger, network, null, (difference, userId) => {
        wrong.push(`${difference} ${userId}`);
      });
      expect(wrong).toEqual([]);
      expect(found).toBeGreaterThan(50);
    }, 10_000);
  };
  const privacy = async (mutation: string) => {
    const { errors } = await api.ask(`mutation { ${mutation} }`, undefined, await api.newKey(['privacy']));
    expect(errors).toEqual([]);
  };

  it('is refused with what serves, what the gate refused, and what is not there', async () => {
    await expect(promotion().startExperiment(live, 0.5)).rejects.toThrow(/serves already/);
    await expect(promotion().startExperiment(99, 0.5)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await setModelStatus(api.dataSource.manager, challenger, 'REJECTED');
    await expect(promotion().startExperiment(challenger, 0.5)).rejects.toThrow(/refused by the gate/);
    await setModelStatus(api.dataSource.manager, challenger, 'CANDIDATE');
    expect(await promotion().endExperiment()).toBeNull();
  });

  it('answers each user by the version of his arm, also in another process', async () => {
    await promotion().startExperiment(challenger, 0.4, { reason: 'wider' });
    const theirs = new Set(await challenged());
    expect(theirs.size).toBeGreaterThan(5);
    expect(theirs.size).toBeLessThan(55);
    for (const userId of users) expect(await answeredBy(userId)).toBe(theirs.has(userId) ? challenger : live);
    const replica = await startReplica(api.config, api.dataSource);
    try {
      const networks = replica.get(LiveModel);
      for (const userId of users) {
        expect(networks.forUser(userId)?.version).toBe(theirs.has(userId) ? challenger : live);
      }
    } finally {
      await replica.close();
    }
    const { data } = await api.ask('{ experiment { version share reason } }');
    expect(data).toEqual({ experiment: { version: challenger, share: 0.4, reason: 'wider' } });
  });

  it('shows the slots that answer', async () => {
    const [theirs = ''] = await challenged();
    const { data } = await api.ask<{ memoryProfile: { modelVersion: number; slots: readonly unknown[] } }>(
      'query($userId: ID!) { memoryProfile(userId: $userId) { modelVersion slots { index } } }',
      { userId: theirs },
    );
    expect(data.memoryProfile.modelVersion).toBe(challenger);
    expect(data.memoryProfile.slots).toHaveLength(3);
  });

  it('keeps both memories right: what is new, what comes late, what is forgotten, merged and erased', async () => {
    const later = (n: number) => new Date(Date.UTC(2026, 2, 1) + n * 60_000).toISOString();
    await track(
      api,
      users.map((userId, n) => ({ id: `new-${n}`, userId, itemId: items[n % 30] ?? '', occurredAt: later(n) })),
    );
    await isRight();
    await track(
      api,
      users.slice(0, 20).map((userId) => ({ userId, itemId: 'i11', occurredAt: '2025-06-01T00:00:00Z' })),
    );
    await isRight();
    await privacy('forgetInteractions(input: { userId: "u3", ids: ["new-3"] }) { forgotten }');
    await privacy('mergeUsers(input: { from: "u4", into: "u5" }) { interactions }');
    await privacy('resetMemory(input: { userId: "u6" }) { __typename }');
    await privacy('eraseUser(input: { userId: "u7" }) { interactions }');
    await isRight();
    const held = await api.dataSource.query<object[]>(`SELECT FROM user_memory WHERE user_id IN ('u4', 'u7')`);
    expect(held).toEqual([]);
    await eventually(async () => {
      expect(await api.dataSource.query('SELECT FROM memory_edit')).toEqual([]); // no id stays behind
    });
  });

  it('stays right while users are edited and written to at once', async () => {
    const key = await api.newKey(['privacy']);
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const userId = `u${20 + (n % 10)}`;
        await track(api, [{ id: `race-${n}`, userId, itemId: items[n] ?? '' }]);
        if (n % 3 === 0) {
          const forget = `mutation { forgetInteractions(input: { userId: "${userId}", ids: ["race-${n}"] }) { forgotten } }`;
          expect((await api.ask(forget, undefined, key)).errors).toEqual([]);
        }
      }),
    );
    await isRight();
  });

  it('holds no writer up while another one writes', async () => {
    const writer = api.dataSource.createQueryRunner();
    await writer.startTransaction();
    await shareMemoryVersion(writer.manager, api.config.databaseSchema);
    await new Promise((done) => setTimeout(done, 500)); // the follower waits for this one by now
    const { data } = await track(api, [
      { id: 'beside', userId: 'u1', itemId: 'i2', occurredAt: '2026-04-01T00:00:00Z' },
    ]);
    expect(data.trackInteractions.accepted).toBe(1);
    await writer.rollbackTransaction();
    await writer.release();
    await isRight();
  });

  it('refuses another one, and a rebuild', async () => {
    await expect(promotion().startExperiment(challenger, 0.5)).rejects.toThrow(/is under way/);
    await expect(promotion().rebuild()).rejects.toThrow(/experiment end/);
  });

  it('ends: what serves answers all, and the other memories are gone', async () => {
    expect(await promotion().endExperiment()).toBe(challenger);
    for (const userId of ['u1', 'u2', 'u3', 'u8', 'u9']) expect(await answeredBy(userId)).toBe(live);
    const [{ there } = { there: true }] = await api.dataSource.query<{ there: boolean }[]>(
      `SELECT to_regclass('user_memory_${challenger}') IS NOT NULL AS there`,
    );
    expect(there).toBe(false);
  });

  it('ends with a promotion, of the challenger too', async () => {
    await promotion().startExperiment(challenger, 0.4);
    await promotion().promote(challenger);
    expect(await findExperiment(api.dataSource.manager)).toBeNull();
    for (const userId of ['u1', 'u2', 'u3', 'u8', 'u9']) expect(await answeredBy(userId)).toBe(challenger);
    await isRight();
  });
});
