/** Three processes that answer, on one Postgres, under constant changes: what was hidden a moment ago is in no next answer of any. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putItems as storeItems } from '../../src/storage/item.store.js';
import { startProgram, type Started } from '../program.js';
import { eventually, promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const schema = 'fresh_replicas_spec';
const items = Array.from({ length: 30 }, (_, place) => `i${place}`);
const filter = '{ categories: { eq: "shown" } }';
const queries = `
  memory: recommendations(input: { userId: "u", first: 100, excludeSeen: false, filter: ${filter} }) { items { item { id } } }
  session: recommendations(input: { interactions: [{ itemId: "i0" }], first: 100, excludeSeen: false, filter: ${filter} }) { items { item { id } } }
  fallback: recommendations(input: { userId: "nobody", first: 100, filter: ${filter} }) { items { item { id } } }
  similar: similarItems(input: { itemId: "other", first: 100, filter: ${filter} }) { items { item { id } } }
  near: similarItems(input: { itemId: "i0", first: 100, filter: ${filter} }) { items { item { id } } }
  popular: popularItems(input: { first: 100, filter: ${filter} }) { items { item { id } } }
  ranked: rankItems(input: { userId: "u", itemIds: ${JSON.stringify(items)}, filter: ${filter} }) { items { item { id } } }
  list: items(first: 100, filter: ${filter}) { edges { node { id } } }`;
interface Answers extends Readonly<Record<string, AnswerView>> {
  readonly list: AnswerView & { readonly edges: readonly { readonly node: { readonly id: string } }[] };
}

describe('three replicas', () => {
  let api: RunningApi;
  const started: Started[] = [];
  beforeAll(async () => {
    api = await startApi(schema, { RECOLLECT_REFRESH_MS: '60000' });
    await putItems(
      api,
      items.map((id) => ({ id, categories: ['shown'] })),
    );
    await promoteRandom(api, items);
    await track(
      api,
      items.map((itemId) => ({ userId: 'u', itemId })),
    );
    for (let more = 0; more < 2; more++) {
      started.push(await startProgram(schema, { RECOLLECT_ROLE: 'api', RECOLLECT_REFRESH_MS: '60000' }));
    }
    await eventually(async () => {
      for (const { url } of started) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    }, 30_000);
  });
  afterAll(async () => {
    for (const { child } of started) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    await api.stop();
  });

  const replicas = (): readonly (() => Promise<Reply<Answers>>)[] => [
    async () => api.ask<Answers>(`{ ${queries} }`),
    ...started.map(({ url }) => async () => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.key}` },
        body: JSON.stringify({ query: `{ ${queries} }` }),
      });
      const body = (await response.json()) as { data: Answers; errors?: Reply<Answers>['errors'] };
      return { status: response.status, data: body.data, errors: body.errors ?? [] };
    }),
  ];
  const idsBy = ({ data, errors }: Reply<Answers>): ReadonlyMap<string, readonly string[]> => {
    expect(errors).toEqual([]);
    const { list, ...answers } = data;
    const byPath = Object.entries(answers).map(
      ([path, answer]) => [path, answer.items.map(({ item }) => item.id)] as const,
    );
    return new Map([...byPath, ['list', list.edges.map(({ node }) => node.id)]]);
  };
  const store = async (ids: readonly string[], more: { readonly available: boolean; readonly category: string }) =>
    storeItems(
      api.dataSource.manager,
      ids.map((id) => ({
        ...{ id, title: null, properties: {}, vector: null, createdAt: null, expiresAt: null },
        ...{ categories: [more.category], available: more.available },
      })),
    );

  it('answer nothing that was hidden, or left the filter, before they were asked', async () => {
    const changing = new AbortController();
    const background = (async () => {
      for (let round = 0; !changing.signal.aborted; round++) {
        const some = [10, 11, 12, 13].map((place) => `i${((place + round) % 10) + 10}`);
        await store(some, { available: round % 2 === 0, category: round % 3 === 0 ? 'else' : 'shown' });
      }
    })();
    for (let round = 0; round < 40; round++) {
      const [hidden, moved, back] = [`i${round % 10}`, `i${20 + (round % 10)}`, `i${(round + 9) % 10}`] as const;
      await store([hidden], { available: false, category: 'shown' });
      await store([moved], { available: true, category: 'else' });
      for (const answers of (await Promise.all(replicas().map(async (ask) => ask()))).map(idsBy)) {
        expect(answers.size).toBe(8);
        for (const [path, ids] of answers) {
          expect([round, path, ids.includes(hidden), ids.includes(moved)]).toEqual([round, path, false, false]);
          expect([path, new Set(ids).size]).toEqual([path, ids.length]);
        }
      }
      await store([back, hidden, moved], { available: true, category: 'shown' });
    }
    changing.abort();
    await background;
    await store(items, { available: true, category: 'shown' });
    await eventually(async () => {
      for (const ask of replicas()) {
        for (const [path, ids] of idsBy(await ask())) {
          expect([path, ids.toSorted()]).toEqual([path, items.filter((id) => path !== 'near' || id !== 'i0').sort()]);
        }
      }
    });
  });
});
