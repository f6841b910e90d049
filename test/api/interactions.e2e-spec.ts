import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyState, encodeState } from '../../src/model/user-state.js';
import { Network } from '../../src/model/network.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import {
  askOf,
  eventually,
  promoteRandom,
  putItems,
  startApi,
  startReplica,
  track,
  type Reply,
  type RunningApi,
} from './running-api.js';
import type { AnswerView, TrackedView } from './views.js';

const mutation = `mutation($rows: [InteractionInput!]!) { trackInteractions(input: { interactions: $rows }) {
  accepted duplicates refused verdicts { index status id error { code field message } } userErrors { code field message } } }`;

describe('trackInteractions', () => {
  let api: RunningApi;
  let replica: NestFastifyApplication;
  beforeAll(async () => {
    api = await startApi('interactions_spec');
    await putItems(api, ['a', 'b']);
    await promoteRandom(api, ['a', 'b']);
    replica = await startReplica(api.config, api.dataSource);
  });
  afterAll(async () => {
    await replica.close();
    await api.stop();
  });

  it('takes one event once, though it is sent twenty times to two processes at once', async () => {
    const row = { id: 'dup-1', userId: 'u1', itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
    const send = async (n: number): Promise<Reply<TrackedView>> =>
      n % 2 === 0 ? api.ask(mutation, { rows: [row] }) : askOf(replica, mutation, { rows: [row] }, api.key);
    const replies = await Promise.all(Array.from({ length: 20 }, async (_, n) => send(n)));
    expect(replies.flatMap(({ errors }) => errors)).toEqual([]);
    const statuses = replies.flatMap(({ data }) => data.trackInteractions.verdicts.map(({ status }) => status)).sort();
    expect(statuses).toEqual(['ACCEPTED', ...Array.from({ length: 19 }, () => 'DUPLICATE')]);

    const network = new Network(randomCheckpoint(['a', 'b']));
    const state = emptyState(network.dimensions);
    network.step([state], Int32Array.of(1));
    const memories: unknown = await api.dataSource.query('SELECT state, interactions_applied FROM user_memory');
    expect(memories).toEqual([{ state: encodeState(state), interactions_applied: '1' }]);
    await eventually(async () => {
      const { data } = await api.ask<{ recommendations: AnswerView; popularItems: AnswerView }>(
        '{ recommendations(input: { userId: "u1" }) { interactionsSeen } popularItems { items { score item { id } } } }',
      );
      expect(data).toEqual({
        recommendations: { interactionsSeen: 1 },
        popularItems: { items: [{ score: 1, item: { id: 'a' } }] },
      });
    });
  });

  it('says that a duplicate differs, and knows an id for each user alone', async () => {
    const row = { id: 'dup-1', userId: 'u1', itemId: 'b', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
    const { data } = await track(api, [row, { ...row, userId: 'u2' }]);
    expect(data.trackInteractions).toMatchObject({ accepted: 1, duplicates: 1, refused: 0, userErrors: [] });
    expect(data.trackInteractions.verdicts).toEqual([
      { index: 0, status: 'DUPLICATE_DIFFERS', id: 'dup-1', error: null },
      { index: 1, status: 'ACCEPTED', id: 'dup-1', error: null },
    ]);
    const { data: page } = await api.ask('{ user(id: "u1") { interactions { edges { node { itemId } } } } }');
    expect(page).toEqual({ user: { interactions: { edges: [{ node: { itemId: 'a' } }] } } });
  });

  it('judges each row by itself', async () => {
    const { data } = await track(api, [
      { userId: 'null', itemId: 'a' },
      { userId: 'u3', itemId: 'a', kind: 'wink' },
      { userId: 'u3', itemId: 'a' },
      { userId: 'u3', itemId: 'a', occurredAt: '2026-02-30T00:00:00Z' },
      { userId: 'u3', itemId: 'a', occurredAt: '2026-03-01T00:00:00' },
    ]);
    const { accepted, refused, verdicts, userErrors } = data.trackInteractions;
    expect({ accepted, refused }).toEqual({ accepted: 1, refused: 4 });
    expect(verdicts.map(({ status, error }) => [status, error?.code])).toEqual([
      ['REFUSED', 'INVALID_ID'],
      ['REFUSED', 'UNKNOWN_KIND'],
      ['ACCEPTED', undefined],
      ['REFUSED', 'INVALID_TIME'],
      ['REFUSED', 'INVALID_TIME'],
    ]);
    expect(userErrors.map(({ field }) => field)).toEqual([
      'interactions[0].userId',
      'interactions[1].kind',
      'interactions[3].occurredAt',
      'interactions[4].occurredAt',
    ]);
  });

  it('takes a session in place of a user, and names neither a placeholder nor nobody', async () => {
    const { data } = await track(api, [
      { userId: null, sessionId: 's1', itemId: 'a' },
      { sessionId: 's1', itemId: 'b' },
      { userId: 'u4', sessionId: 'null', itemId: 'a' },
      { userId: null, itemId: 'a' },
      { itemId: 'a' },
    ]);
    expect(data.trackInteractions.verdicts.map(({ status, error }) => [status, error?.code, error?.field])).toEqual([
      ['ACCEPTED', undefined, undefined],
      ['ACCEPTED', undefined, undefined],
      ['REFUSED', 'INVALID_ID', 'sessionId'],
      ['REFUSED', 'MISSING_FIELD', 'userId'],
      ['REFUSED', 'MISSING_FIELD', 'userId'],
    ]);
    const { data: visitor } = await api.ask(
      '{ user(id: "session:s1") { interactions { edges { node { itemId } } } } nobody: user(id: "s1") { interactions { edges { node { itemId } } } } }',
    );
    expect(visitor).toEqual({
      user: { interactions: { edges: [{ node: { itemId: 'b' } }, { node: { itemId: 'a' } }] } },
      nobody: { interactions: { edges: [] } },
    });
  });

  it('adds nothing when a hundred rows are sent again', async () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({ id: `again-${n}`, userId: `again-${n % 7}`, itemId: 'a' }));
    expect((await track(api, rows)).data.trackInteractions).toMatchObject({ accepted: 100, duplicates: 0 });
    expect((await track(api, rows)).data.trackInteractions).toMatchObject({ accepted: 0, duplicates: 100 });
  });

  it('takes a thousand rows and refuses more, with the maximum', async () => {
    const rows = Array.from({ length: 1_001 }, (_, n) => ({ id: `many-${n}`, userId: `many-${n % 50}`, itemId: 'a' }));
    const { errors } = await track(api, rows);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/at most 1000/), extensions: { code: 'BAD_INPUT' } },
    ]);
    expect((await track(api, rows.slice(1))).data.trackInteractions).toMatchObject({ accepted: 1_000 });
  });

  it('refuses ids that were rounded on their way, and takes exact ones', async () => {
    const big = Number('653247040368672771');
    const row = { userId: big, itemId: 'a', kind: 'view', occurredAt: '2026-05-01T10:00:00Z' };
    for (const userId of [big, 42.5, true, ['u'], { id: 'u' }]) {
      const { errors } = await api.ask(mutation, { rows: [{ ...row, userId }] });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    }
    const rounded = await api.ask(mutation, { rows: [row] });
    expect(rounded.errors[0]?.message).toMatch(/an id must be a string/);
    expect((await api.ask(mutation, { rows: [{ ...row, userId: 42 }] })).errors).toEqual([]);
    const { data, errors } = await api.ask(
      '{ long: user(id: 653247040368672771) { id } short: user(id: 42) { id interactions { edges { node { itemId } } } } }',
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      long: { id: '653247040368672771' },
      short: { id: '42', interactions: { edges: [{ node: { itemId: 'a' } }] } },
    });
    expect((await api.ask('{ user(id: 42.0) { id } }')).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    const users: unknown = await api.dataSource.query(
      `SELECT DISTINCT user_id FROM interaction WHERE user_id LIKE '6532%'`,
    );
    expect(users).toEqual([]);
  });
});
