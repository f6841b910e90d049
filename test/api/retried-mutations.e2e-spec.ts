/** Case S12: requests that are sent again since their answer was lost, and the same mutation twice in one request. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { eventually, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { ErrorView } from './views.js';

interface Started {
  readonly created: boolean;
  readonly trainingRun: { readonly id: string } | null;
  readonly userErrors: readonly ErrorView[];
}

describe('a mutation', () => {
  let api: RunningApi;
  let url: string;
  beforeAll(async () => {
    api = await startApi('retried_mutations_spec', { RECOLLECT_ROLE: 'api' });
    const app = api.app as NestFastifyApplication;
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => api.stop());

  const count = async (table: string): Promise<number> => {
    const rows: { count: number }[] = await api.dataSource.query(`SELECT count(*)::int AS count FROM ${table}`);
    return rows[0]?.count ?? -1;
  };
  /** Sends it, and is gone before an answer comes. */
  const sendAndCut = async (query: string, variables: object = {}): Promise<void> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${api.key}` };
    await new Promise<void>((gone) => {
      const sent = httpRequest(`${url}/graphql`, { method: 'POST', headers });
      sent.on('error', () => undefined);
      sent.on('close', () => {
        gone();
      });
      (api.app as NestFastifyApplication).getHttpServer().once('request', (incoming: NodeJS.ReadableStream) => {
        incoming.once('end', () => sent.destroy());
      });
      sent.end(JSON.stringify({ query, variables }));
    });
  };

  it('that starts a training starts one, under two aliases, sent again, and again behind a cut connection', async () => {
    const start =
      'startTraining(input: { idempotencyKey: "k1", reason: "r" }) { created trainingRun { id } userErrors { code } }';
    const query = `mutation { a: ${start} b: ${start} }`;
    await sendAndCut(query);
    await eventually(async () => {
      expect(await count('training_run')).toBe(1);
    });
    const { data, errors } = await api.ask<{ a: Started; b: Started }>(query);
    expect(errors).toEqual([]);
    expect(data.a).toEqual(data.b);
    expect(data.a).toMatchObject({ created: false, trainingRun: { id: expect.any(String) }, userErrors: [] });
    const { data: other } = await api.ask<{ startTraining: Started }>(
      `mutation { ${start.replace('"r"', '"other"')} }`,
    );
    expect(other.startTraining).toMatchObject({ trainingRun: null, userErrors: [{ code: 'IDEMPOTENCY_CONFLICT' }] });
    expect(await count('training_run')).toBe(1);
  });

  it('that tracks a hundred rows logs them once, also where the client was gone before the answer came', async () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({ id: `row ${n}`, userId: `u${n % 7}`, itemId: `i${n % 5}` }));
    const withTimes = rows.map((row, n) => ({ ...row, kind: 'view', occurredAt: new Date(1.77e12 + n).toISOString() }));
    const query =
      'mutation($rows: [InteractionInput!]!) { trackInteractions(input: { interactions: $rows }) { accepted duplicates refused } }';
    await sendAndCut(query, { rows: withTimes });
    await eventually(async () => {
      expect(await count('interaction')).toBe(100);
    });
    const again = await api.ask(query, { rows: withTimes });
    expect(again).toMatchObject({
      errors: [],
      data: { trackInteractions: { accepted: 0, duplicates: 100, refused: 0 } },
    });
    expect(await count('interaction')).toBe(100);
  });

  it('under two aliases is done twice, in order, and the second sees what the first did', async () => {
    const put = (title: string) => `putItems(input: { items: [{ id: "lamp", title: "${title}" }] }) { written }`;
    const { data } = await api.ask(
      `mutation { a: ${put('one')} b: ${put('two')} again: ${put('two')} gone: deleteItems(input: { ids: ["lamp"] }) { deleted } }`,
    );
    const written = { written: 1 };
    expect(data).toEqual({ a: written, b: written, again: written, gone: { deleted: 1 } });
    await api.ask(`mutation { a: ${put('one')} b: ${put('two')} }`);
    expect((await api.ask('{ item(id: "lamp") { title } }')).data).toEqual({ item: { title: 'two' } });
  });

  it('that fails takes nothing from the result of the one before it, nor from the one behind it', async () => {
    await putItems(api, ['x', 'y']);
    await track(api, [{ id: 'seen', userId: 'u', itemId: 'x' }]);
    const { status, data, errors } = await api.ask(
      `mutation { a: deleteItems(input: { ids: ["x"] }) { deleted } b: deleteItems(input: { ids: [" "] }) { deleted }
                  c: deleteItems(input: { ids: ["y"] }) { deleted } }`,
    );
    expect(status).toBe(200);
    expect(data).toEqual({ a: { deleted: 1 }, b: null, c: { deleted: 1 } });
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'BAD_INPUT' } }]);
  });

  it('counts by its aliases: of more than are allowed none is done', async () => {
    const all = Array.from(
      { length: 21 },
      (_, n) => `m${n}: putItems(input: { items: [{ id: "many ${n}" }] }) { written }`,
    );
    const { errors } = await api.ask(`mutation { ${all.join(' ')} }`);
    expect(errors[0]).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED', found: 21, maximum: 20 } });
    expect((await api.ask('{ item(id: "many 0") { id } }')).data).toEqual({ item: null });
  });
});
