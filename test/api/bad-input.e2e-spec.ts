import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSchema } from '../../src/api/print-schema.js';
import { hostileCalls } from './hostile-input.js';
import type { ConnectionView } from './views.js';
import { promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';

describe('bad input', () => {
  let api: RunningApi;
  let key: string;
  beforeAll(async () => {
    api = await startApi('bad_input_spec', {
      RECOLLECT_ROLE: 'api',
      RECOLLECT_ITEM_VECTOR_LENGTH: '2',
      RECOLLECT_QUERY_TOKENS: '3000',
    });
    key = await api.newKey(['operator', 'privacy']);
    await putItems(api, ['u1', 'b', 'c']);
    await promoteRandom(api, ['u1', 'b', 'c'], { width: 8, slots: 2 });
    await track(api, [
      { id: 'u1', userId: 'u1', itemId: 'u1' },
      { userId: 'u1', itemId: 'b' },
      { userId: 'bystander', itemId: 'b' },
    ]);
  });
  afterAll(async () => api.stop());

  /** Codes that tell the client what to change. */
  const clear = ['BAD_INPUT', 'NOT_FOUND', 'LIMIT_EXCEEDED'];

  it('is answered, or refused with a code and words, whatever argument of whatever field it is in', async () => {
    const calls = hostileCalls(await createSchema());
    expect(calls.length).toBeGreaterThan(500);
    const unclear: unknown[] = [];
    for (const { name, query, variables } of calls) {
      const { status, errors } = await api.ask(query, variables, key);
      const isClear = errors.every(({ message, extensions }) => clear.includes(extensions.code) && message !== '');
      if (!isClear || ![200, 400].includes(status)) unclear.push({ name, status, errors });
    }
    expect(unclear).toEqual([]);
    expect((await api.ask('{ item(id: "b") { title } }')).data).toEqual({ item: { title: 'Title of b' } });
  }, 240_000);

  it.each([
    ['user(id: "bystander") { interactions(first: $n) { edges { cursor } } }', 'first', 100],
    ['trainingRuns(first: $n) { edges { cursor } }', 'first', 100],
    ['models(first: $n) { edges { cursor } }', 'first', 100],
    ['popularItems(input: { first: $n }) { id }', 'first', 100],
    ['recommendations(input: { userId: "bystander", first: $n }) { id }', 'first', 100],
    ['similarItems(input: { itemId: "b", first: $n }) { id }', 'first', 100],
    ['recommendations(input: { userId: "bystander" }) { because(first: $n) { id } }', 'first', 100],
    ['recommendations(input: { userId: "bystander" }) { items { because(first: $n) { id } } }', 'first', 100],
    ['memoryProfile(userId: "bystander") { slots { history(moments: $n) { weight } } }', 'moments', 20],
  ])('says the most that %s takes, and takes it', async (field, argument, most) => {
    const query = `query($n: Int!) { ${field} }`;
    for (const n of [0, -1, most + 1, 1_000_000_000]) {
      const { errors } = await api.ask(query, { n }, key);
      expect(errors[0]).toMatchObject({
        message: `${argument}: must be from 1 to ${most}, not ${n}`,
        extensions: { code: 'BAD_INPUT' },
      });
    }
    expect((await api.ask(query, { n: most }, key)).errors).toEqual([]);
  });

  it.each(['NaN', 'Infinity', '1e999', '"1"', '1.5', 'null'])(
    'refuses %s where a whole number is due',
    async (literal) => {
      const { errors, status } = await api.ask(
        `{ user(id: "bystander") { interactions(first: ${literal}) { edges { cursor } } } }`,
      );
      expect(status).toBe(400);
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    },
  );

  it('refuses a cursor of another list, and one that was put together by somebody', async () => {
    const { data } = await api.ask<{ user: { interactions: ConnectionView<unknown> } }>(
      '{ user(id: "bystander") { interactions { pageInfo { endCursor } } } }',
    );
    const ofLog = data.user.interactions.pageInfo.endCursor;
    const forged = (...place: readonly unknown[]) => Buffer.from(JSON.stringify(place)).toString('base64url');
    const pages = [
      ['trainingRuns(after: $after) { edges { cursor } }', ofLog],
      [
        'user(id: "bystander") { interactions(after: $after) { edges { cursor } } }',
        forged('2026-01-01T00:00:00Z', '1 OR 1'),
      ],
      [
        'user(id: "bystander") { interactions(after: $after) { edges { cursor } } }',
        forged('2026-01-01T00:00:00Z', '9'.repeat(19)),
      ],
      ['user(id: "bystander") { interactions(after: $after) { edges { cursor } } }', 'not a cursor'],
      ['auditLog(after: $after) { edges { cursor } }', forged('2026-01-01T00:00:00Z', 'x')],
    ] as const;
    for (const [field, after] of pages) {
      const { errors } = await api.ask(`query($after: String) { ${field} }`, { after }, key);
      expect(errors).toMatchObject([
        { message: 'after: is not a cursor of this list', extensions: { code: 'BAD_INPUT' } },
      ]);
    }
  });

  it.each([
    ['a selection', '{ user(id: "bystander") '.repeat(600) + '{ id }' + '}'.repeat(600)],
    ['a list', `mutation { deleteItems(input: { ids: ${'['.repeat(900)}${']'.repeat(900)} }) { deleted } }`],
    ['a type', `query($x: ${'['.repeat(900)}ID${']'.repeat(900)}) { item(id: $x) { id } }`],
    [
      'an object',
      `mutation { putItems(input: { items: [{ id: "a", properties: ${'{a:'.repeat(450)}1${'}'.repeat(450)} }] }) { written } }`,
    ],
    ['fields', `{ user(id: "bystander") { ${'id '.repeat(1_900)} } }`],
    ['fields with arguments', `{ item(id: "b") { id } ${'item(id: "b") { id } '.repeat(200)} }`],
    [
      'fragments',
      `{ ${Array.from({ length: 300 }, (_, n) => `...f${n}`).join(' ')} } ${Array.from({ length: 300 }, (_, n) => `fragment f${n} on Query { liveModel { version } }`).join(' ')}`,
    ],
    ['directives', `{ item(id: "b") ${'@include(if: true) '.repeat(300)} { id } }`],
    ['variables', `query(${Array.from({ length: 480 }, (_, n) => `$v${n}: ID`).join(' ')}) { item(id: "b") { id } }`],
    ['errors', `{ ${Array.from({ length: 900 }, (_, n) => `no${n}`).join(' ')} }`],
  ])('refuses or answers a document that is deep or wide by %s', async (_, query) => {
    const { errors, status } = await api.ask(query, {}, key);
    expect([200, 400]).toContain(status);
    expect(errors.filter(({ extensions }) => !clear.includes(extensions.code))).toEqual([]);
    expect(errors.length).toBeLessThanOrEqual(101); // not one for each field
  });

  it('says LIMIT_EXCEEDED of a document that asks for one field a thousand times', async () => {
    const { errors, status } = await api.ask(`{ user(id: "bystander") { ${'id '.repeat(985)} } }`, {}, key);
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/ask for each of them once/), extensions: { code: 'LIMIT_EXCEEDED' } },
    ]);
  });

  it.each([
    [
      'properties',
      'mutation($v: JSONObject) { putItems(input: { items: [{ id: "deep", properties: $v }] }) { written } }',
      '{"a":',
      '}',
    ],
    ['an id', 'query($v: ID!) { item(id: $v) { id } }', '[', ']'],
    [
      'rows',
      'mutation($v: [InteractionInput!]!) { trackInteractions(input: { interactions: $v }) { accepted } }',
      '[',
      ']',
    ],
    ['an input', 'query($v: RecommendationsInput!) { recommendations(input: $v) { id } }', '{"interactions":', '}'],
  ])('refuses a variable of 100,000 levels as %s', async (_, query, open, close) => {
    const value = `${open.repeat(100_000)}${open === '[' ? '' : '1'}${close.repeat(100_000)}`;
    const response = await api.send({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      payload: `{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`,
    });
    expect([200, 400]).toContain(response.statusCode);
    const body: { data?: unknown; errors?: readonly { extensions: { code: string } }[] } = response.json();
    expect((body.errors ?? []).filter(({ extensions }) => !clear.includes(extensions.code))).toEqual([]);
    expect(body.errors ?? body.data).toBeDefined();
  });
});
