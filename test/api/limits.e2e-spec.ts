import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { startApi, type RunningApi } from './running-api.js';

describe('the edge', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('limits_spec', {
      RECOLLECT_BODY_LIMIT_BYTES: '20000',
      RECOLLECT_QUERY_DEPTH: '5',
      RECOLLECT_QUERY_ALIASES: '3',
      RECOLLECT_QUERY_TOKENS: '200',
      RECOLLECT_QUERY_COST: '1000',
      RECOLLECT_REQUEST_TIMEOUT_MS: '700',
    });
  });
  afterAll(async () => api.stop());

  const post = async (payload: string, contentType = 'application/json'): Promise<LightMyRequestResponse> =>
    api.send({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': contentType, authorization: `Bearer ${api.key}` },
      payload,
    });

  it.each([
    [
      'deeper than allowed',
      '{ user(id: "u") { interactions { edges { node { item { id } } } } } }',
      /6 levels deep; at most 5/,
    ],
    [
      'deeper by its fragments',
      '{ user(id: "u") { ...a } } fragment a on User { interactions { ...b } } fragment b on InteractionConnection { edges { node { item { id } } } }',
      /6 levels deep/,
    ],
    [
      'with too many root fields',
      '{ liveModel { version } user(id: "u") { id } item(id: "i") { id } trainingRun(id: "r") { id } }',
      /4 root fields/,
    ],
    [
      'with too many root fields in a fragment',
      '{ ...a ...a } fragment a on Query { liveModel { version } user(id: "u") { id } }',
      /4 root fields/,
    ],
    ['with too many aliases', '{ user(id: "u") { a: id b: id c: id d: id } }', /more than 3 aliases/],
    ['longer than allowed', `{ user(id: "u") { ${'id '.repeat(200)} } }`, /more that 200 tokens/],
  ])('refuses a document %s', async (_, query, message) => {
    const { errors, status } = await api.ask(query);
    expect(status).toBe(400);
    expect(errors[0]).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it('refuses what costs more than allowed, by the rows that are asked for, and tells the numbers', async () => {
    const fields = 'id itemId kind value sessionId occurredAt properties recommendationId';
    const page = `query($n: Int!) { user(id: "u") { interactions(first: $n) { edges { cursor node { ${fields} } } } } }`;
    expect((await api.ask(page, { n: 99 })).errors).toEqual([]);
    const { errors, status } = await api.ask(page, { n: 100 });
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/^the operation costs 1003; at most 1000 is allowed/),
        extensions: { code: 'LIMIT_EXCEEDED', found: 1003, maximum: 1000 },
      },
    ]);
  });

  it('refuses fragments that go in circles, at once', async () => {
    const { errors } = await api.ask(
      '{ user(id: "u") { ...a } } fragment a on User { ...b } fragment b on User { ...a }',
    );
    expect(errors).toMatchObject([{ message: expect.stringMatching(/itself/), extensions: { code: 'BAD_INPUT' } }]);
  });

  it('answers a document at the limits', async () => {
    const { errors } = await api.ask(
      '{ a: liveModel { version } b: user(id: "u") { interactions { edges { node { id } } } } c: item(id: "i") { id } }',
    );
    expect(errors).toEqual([]);
  });

  it.each([
    ['syntax', '{ liveModel {', /Syntax Error/],
    ['a field that is not there', '{ liveModl { version } }', /^Cannot query field "liveModl" on type "Query".$/],
    ['an argument of another type', '{ item(id: true) { id } }', /an id must be a string/],
    ['the schema', '{ __schema { types { name } } }', /^introspection is switched off/],
    ['no operation', '', /non-empty/],
  ])('says BAD_INPUT, and nothing of the schema, to %s', async (_, query, message) => {
    const { errors, status } = await api.ask(query);
    expect(status).toBe(400);
    expect(errors[0]).toMatchObject({ message: expect.stringMatching(message) });
    expect(errors[0]?.extensions).toEqual({ code: 'BAD_INPUT' });
  });

  it.each([
    ['a batch', '[{ "query": "{ __typename }" }]', 'application/json', 400, 'BAD_INPUT'],
    ['a form, which another site could send', '{ "query": "{ __typename }" }', 'text/plain', 400, 'BAD_INPUT'],
    ['a body that is not JSON', '{', 'application/json', 400, 'BAD_INPUT'],
    ['a type that is not known', '<a/>', 'application/xml', 415, 'BAD_INPUT'],
    ['a large body', JSON.stringify({ query: '#'.repeat(20_000) }), 'application/json', 413, 'LIMIT_EXCEEDED'],
  ])('refuses %s with a code', async (_, payload, contentType, status, code) => {
    const response = await post(payload, contentType);
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ errors: [{ message: expect.any(String), extensions: { code } }] });
  });

  it('ends a request that takes too long', async () => {
    const holder = api.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE item');
    const response = await post(JSON.stringify({ query: '{ item(id: "i") { id } }' }));
    await holder.rollbackTransaction();
    await holder.release();
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
  });

  it('says no more than "internal error" of what it did not expect', async () => {
    await api.dataSource.query('ALTER TABLE training_run RENAME TO training_run_away');
    const { status, data, errors } = await api.ask(
      '{ trainingRun(id: "00000000-0000-4000-8000-000000000000") { id } item(id: "i") { id } }',
    );
    await api.dataSource.query('ALTER TABLE training_run_away RENAME TO training_run');
    expect({ status, data }).toEqual({ status: 200, data: { trainingRun: null, item: null } });
    expect(errors).toMatchObject([{ message: 'internal error', path: ['trainingRun'] }]);
    expect(errors[0]?.extensions).toEqual({ code: 'INTERNAL' });
  });

  it('names each request, forbids caching and guards browsers', async () => {
    const { headers } = await post(JSON.stringify({ query: '{ __typename }' }));
    expect(headers).toMatchObject({
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    });
  });

  it('shows the schema to those who have a key where that is switched on', async () => {
    const shown = await startApi('introspection_spec', { RECOLLECT_INTROSPECTION: 'true', RECOLLECT_QUERY_DEPTH: '3' });
    try {
      const query = '{ __schema { types { fields { type { ofType { name } } } } } }';
      expect((await shown.ask(query)).errors).toEqual([]);
      const root = await shown.ask('{ __schema { queryType { description } } }');
      expect(root.data).toMatchObject({
        __schema: { queryType: { description: expect.stringMatching(/^What can be asked/) } },
      });
      expect((await shown.ask(query, undefined, null)).status).toBe(401);
    } finally {
      await shown.stop();
    }
  });
});

describe('health', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('health_spec', { RECOLLECT_REFRESH_MS: '60000' });
  });
  afterAll(async () => api.stop());
  const look = async (url: string): Promise<{ status: number; body: unknown }> => {
    const response = await api.send({ method: 'GET', url });
    return { status: response.statusCode, body: response.json() };
  };

  it('needs no key and names what is where', async () => {
    expect(await look('/health/live')).toEqual({ status: 200, body: { status: 'live' } });
    expect(await look('/')).toMatchObject({ status: 200, body: { graphql: '/graphql', health: '/health/ready' } });
    expect(await look('/nowhere')).toMatchObject({
      status: 404,
      body: { errors: [{ extensions: { code: 'NOT_FOUND' } }] },
    });
    expect(await look('/%')).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_INPUT' } }] } });
  });

  it('is ready without a model before the first', async () => {
    expect(await look('/health/ready')).toEqual({
      status: 200,
      body: {
        status: 'ready',
        database: { ok: true },
        migrations: { ok: true },
        model: { ok: true, live: null, serving: null },
        catalogue: { ok: true, items: 0, ageMs: expect.any(Number) },
      },
    });
  });

  it('is not ready, and says so soon, while the database does not answer', async () => {
    const holder = api.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE migration');
    expect(await look('/health/ready')).toMatchObject({ status: 503, body: { database: { ok: false } } });
    await holder.rollbackTransaction();
    await holder.release();
    expect(await look('/health/ready')).toMatchObject({ status: 200 });
  });

  it('is not ready while a model is live and not loaded, or a step of the schema is missing', async () => {
    await api.dataSource
      .query(`INSERT INTO model (status, dimensions, hyperparameters, data_window, metrics, seed, sha256, byte_length)
      VALUES ('LIVE', '{}', '{}', '{}', '{}', 1, repeat('0', 64), 1)`);
    await api.dataSource.query('INSERT INTO live_model (version) VALUES (1)');
    expect(await look('/health/ready')).toMatchObject({
      status: 503,
      body: { model: { ok: false, live: 1, serving: null } },
    });
    await api.dataSource.query('DELETE FROM live_model');
    await api.dataSource.query('DELETE FROM migration');
    expect(await look('/health/ready')).toMatchObject({ status: 503, body: { migrations: { ok: false } } });
  });
});
