import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { revokeKey } from '../../src/api/api-key.js';
import { createSchema } from '../../src/api/print-schema.js';
import { aboutUsers, closed, ofTheCatalogue, subscriptions } from './root-fields.js';
import { eventually, promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';

describe('a token that is bound to a user', () => {
  let api: RunningApi;
  let key: string;
  let token: string;
  beforeAll(async () => {
    api = await startApi('user_token_spec', { RECOLLECT_ROLE: 'api' });
    await putItems(api, ['a', 'b', 'c']);
    await promoteRandom(api, ['a', 'b', 'c'], { width: 8, slots: 2 });
    await track(
      api,
      ['me', 'other'].map((userId) => ({ userId, id: '1', itemId: 'a' })),
    );
    key = await api.newKey(['operator', 'privacy']);
    token = await tokenOf('{ userId: "me", scopes: [READER, WRITER, PRIVACY] }');
    await (api.app as NestFastifyApplication).listen(0, '127.0.0.1');
  });
  afterAll(async () => api.stop());

  const create = async (
    input: string,
    asKey = key,
  ): Promise<Reply<{ createUserToken: { token: string; expiresAt: string } | null }>> =>
    api.ask(`mutation { createUserToken(input: ${input}) { token expiresAt } }`, {}, asKey);
  const tokenOf = async (input: string, asKey = key): Promise<string> => {
    const { data, errors } = await create(input, asKey);
    expect(errors).toEqual([]);
    return data.createUserToken?.token ?? '';
  };
  const codesOf = async (query: string, asKey = token): Promise<readonly string[]> =>
    (await api.ask(query, {}, asKey)).errors.map(({ extensions }) => extensions.code);

  it('is held against every root field that there is', async () => {
    const schema = await createSchema();
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}));
    const known = [aboutUsers, ofTheCatalogue, closed].flatMap((some) => Object.keys(some));
    expect([...known, ...subscriptions].sort()).toEqual([...fields].sort());
  });

  const rowsOf = async (): Promise<unknown> =>
    api.dataSource
      .query(`SELECT (SELECT count(*) FROM interaction) AS interactions, (SELECT count(*) FROM user_memory) AS memories,
      (SELECT count(*) FROM erasure) AS erasures, (SELECT count(*) FROM slot_pin) AS pins, (SELECT count(*) FROM item WHERE deleted_at IS NULL) AS items`);

  it.each(Object.entries(aboutUsers))(
    'is refused %s of another user, who loses and tells nothing',
    async (name, query) => {
      const before = await rowsOf();
      const { data, errors } = await api.ask<Readonly<Record<string, unknown>> | null>(query('other'), {}, token);
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/^the token is bound/), extensions: { code: 'FORBIDDEN' } },
      ]);
      expect(data?.[name] ?? null).toBeNull();
      expect(await rowsOf()).toEqual(before);
    },
  );

  it.each([
    ['answers to a visitor', '{ recommendations(input: { interactions: [{ itemId: "a" }] }) { id } }'],
    ['a ranking for nobody', '{ rankItems(input: { itemIds: ["a"] }) { id } }'],
    ['the audit log of all', '{ auditLog { edges { cursor } } }'],
    ['the audit log of null', '{ auditLog(userId: null) { edges { cursor } } }'],
    [
      'tracking for a visit',
      'mutation { trackInteractions(input: { interactions: [{ sessionId: "me", itemId: "a", kind: "view", occurredAt: "2026-01-01T00:00:00Z" }] }) { accepted } }',
    ],
    ['another user under an alias', '{ mine: user(id: "me") { id } yours: user(id: "other") { id } }'],
    ['another user in a fragment', '{ ...f } fragment f on Query { user(id: "other") { id } }'],
  ])('is refused %s', async (_, query) => {
    expect(await codesOf(query)).toContain('FORBIDDEN');
  });

  it('is refused another user in a variable, by number too', async () => {
    const numbered = await tokenOf('{ userId: "414" }');
    const ask = async (id: unknown) => api.ask('query($id: ID!) { user(id: $id) { id } }', { id }, numbered);
    expect((await ask(414)).data).toEqual({ user: { id: '414' } });
    expect((await ask('0414')).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect((await ask(415)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it.each(Object.entries(closed))('is refused %s', async (_, query) => {
    expect(await codesOf(query)).toEqual(['FORBIDDEN']);
    expect(await api.dataSource.query('SELECT count(*)::int AS items FROM item WHERE deleted_at IS NULL')).toEqual([
      { items: 3 },
    ]);
  });

  it.each(Object.entries(ofTheCatalogue))('opens %s', async (_, query) => {
    expect(await codesOf(query)).toEqual([]);
  });

  it.each(Object.entries(aboutUsers))('opens %s of its user', async (_, query) => {
    expect(await codesOf(query('me'))).toEqual([]);
  });

  it('opens no more than was asked for when it was made, and the figures of the process never', async () => {
    const reader = await tokenOf('{ userId: "me" }');
    expect(await codesOf(aboutUsers.user?.('me') ?? '', reader)).toEqual([]);
    for (const name of ['trackInteractions', 'exportUser', 'eraseUser']) {
      expect(await codesOf(aboutUsers[name]?.('me') ?? '', reader)).toEqual(['FORBIDDEN']);
    }
    const metrics = await api.send({ method: 'GET', url: '/metrics', headers: { authorization: `Bearer ${token}` } });
    expect([metrics.statusCode, metrics.body.includes('recollect_')]).toEqual([403, false]);
  });

  it('is made for no more than the key may, for a day at most', async () => {
    const poor = await api.newKey(['reader']);
    expect((await create('{ userId: "me", scopes: [READER, WRITER] }', poor)).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
    for (const wrong of ['seconds: 0', 'seconds: 86401', 'scopes: []']) {
      expect((await create(`{ userId: "me", ${wrong} }`)).errors).toMatchObject([
        { extensions: { code: 'BAD_INPUT' } },
      ]);
    }
    expect((await create('{ userId: "" }')).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    const old = await api.newKey(['reader']);
    await api.dataSource.query('UPDATE api_key SET token_key = NULL WHERE prefix = $1', [old.slice(3, 15)]);
    expect((await create('{ userId: "me" }', old)).errors).toMatchObject([
      { message: expect.stringMatching(/older than tokens/), extensions: { code: 'BAD_INPUT' } },
    ]);
  });

  it('stands under the limits that all stand under', async () => {
    const query = `{ user(id: "me") { ${'id '.repeat(2_000)} } }`;
    expect(await codesOf(query)).toEqual(['LIMIT_EXCEEDED']);
  });

  const urlOf = (): string => {
    const address: unknown = (api.app as NestFastifyApplication).getHttpServer().address();
    return `ws://127.0.0.1:${(address as { port: number }).port}`;
  };

  const listen = (asToken: string, query: string) => {
    const heard: { data?: unknown; codes: unknown[] } = { codes: [] };
    const client = createClient({
      url: `${urlOf()}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${asToken}` },
    });
    client.subscribe(
      { query },
      {
        next: ({ data, errors }) => {
          heard.data = data;
          heard.codes.push(...(errors ?? []).map(({ extensions }) => extensions?.code));
        },
        error: (error) => {
          if (Array.isArray(error))
            heard.codes.push(...error.map((one: { extensions?: { code?: unknown } }) => one.extensions?.code));
        },
        complete: () => undefined,
      },
    );
    return { heard, client };
  };
  it('follows the memory of its user, until it has expired, and no other', async () => {
    const brief = await tokenOf('{ userId: "me", seconds: 2 }');
    const mine = listen(brief, 'subscription { memoryChanged(userId: "me") { emptyReason } }');
    const yours = listen(token, 'subscription { memoryChanged(userId: "other") { interactionsApplied } }');
    const runs = listen(
      token,
      'subscription { trainingRunChanged(id: "00000000-0000-4000-8000-000000000000") { id } }',
    );
    try {
      await eventually(async () => {
        expect(mine.heard.data).toMatchObject({ memoryChanged: expect.anything() });
        for (const { heard } of [yours, runs]) expect(heard).toMatchObject({ codes: ['FORBIDDEN'] });
        return Promise.resolve();
      });
      await new Promise((done) => setTimeout(done, 2_100));
      await promoteRandom(api, ['a', 'b', 'c'], { width: 8, slots: 2 }); //          a change that it would hear of
      await eventually(async () => {
        expect(mine.heard).toMatchObject({ codes: ['KEY_EXPIRED'] });
        return Promise.resolve();
      });
    } finally {
      await Promise.all([mine, yours, runs].map(async ({ client }) => client.dispose()));
    }
  });

  it('ends with its key', async () => {
    const parent = await api.newKey(['reader']);
    const child = await tokenOf('{ userId: "me" }', parent);
    expect(await codesOf('{ user(id: "me") { id } }', child)).toEqual([]);
    await revokeKey(api.dataSource.manager, parent.slice(3, 15));
    await eventually(async () => {
      expect(await codesOf('{ user(id: "me") { id } }', child)).toEqual(['UNAUTHENTICATED']);
    });
  });
});
