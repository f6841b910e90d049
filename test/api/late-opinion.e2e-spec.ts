/** Case M05: the older of two opinions arrives later. What counts is when they happened, and an answer says while that is not so yet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { advisoryLock } from '../../src/storage/data-source.js';
import { eventually, promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';

const like = { itemId: 'm', kind: 'like', occurredAt: '2026-05-01T10:00:00Z' };
const dislike = { itemId: 'm', kind: 'dislike', occurredAt: '2026-05-01T10:05:00Z' };

describe('an older opinion that arrives later', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('late_opinion_spec');
    await putItems(api, ['m', 'n', 'o']);
    await promoteRandom(api, ['m', 'n', 'o'], { kinds: ['dislike', 'like'], gaps: 24 });
  });
  afterAll(async () => api.stop());

  const answer = async (userId: string): Promise<unknown> => {
    const { data } = await api.ask<{ recommendations: unknown }>(
      'query($userId: ID!) { recommendations(input: { userId: $userId }) { awaitsReplay interactionsSeen source } }',
      { userId },
    );
    return data.recommendations;
  };
  const memory = async (userId: string): Promise<unknown> =>
    api.dataSource.query('SELECT state, interactions_applied, last_occurred_at FROM user_memory WHERE user_id = $1', [
      userId,
    ]);

  it('is the older one: the memory is that of in-order arrival, and until it is the answer says so (M05)', async () => {
    await track(api, [{ userId: 'in order', ...like }]);
    await track(api, [{ userId: 'in order', ...dislike }]);
    await track(api, [{ userId: 'late', ...dislike }]);
    expect(await answer('late')).toEqual({ awaitsReplay: false, interactionsSeen: 1, source: 'MEMORY' });

    const other = api.dataSource.createQueryRunner(); // as another process that replays, and is slow
    await other.query('SELECT pg_advisory_lock($1, hashtext($2))', [advisoryLock.replay, api.config.databaseSchema]);
    try {
      await track(api, [{ userId: 'late', ...like }]);
      await sleep(200); // were the replay made, it would be done
      expect(await answer('late')).toEqual({ awaitsReplay: true, interactionsSeen: 1, source: 'MEMORY' });
      expect(await answer('in order')).toMatchObject({ awaitsReplay: false });
    } finally {
      await other.query('SELECT pg_advisory_unlock_all()');
      await other.release();
    }
    await eventually(async () => {
      expect(await answer('late')).toEqual({ awaitsReplay: false, interactionsSeen: 2, source: 'MEMORY' });
    });
    expect(await memory('late')).toEqual(await memory('in order'));
    const { data } = await api.ask(
      '{ user(id: "late") { interactions(first: 1) { edges { node { kind itemId } } } } }',
    );
    expect(data).toEqual({ user: { interactions: { edges: [{ node: { kind: 'dislike', itemId: 'm' } }] } } });
  });
});
