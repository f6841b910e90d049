import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Promotion } from '../../src/promotion/promotion.js';
import { setModelStatus } from '../../src/storage/model.store.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { promoteRandom, startApi, type Reply, type RunningApi } from './running-api.js';
import type { ConnectionView } from './views.js';

interface ModelView {
  readonly version: number;
  readonly status: string;
  readonly liveSince: string | null;
  readonly replaced: number | null;
}
interface Page {
  readonly models: ConnectionView<ModelView>;
}

describe('the list of models', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('models_spec');
  });
  afterAll(async () => api.stop());

  const ask = async (variables: Readonly<Record<string, unknown>>, key = api.key): Promise<Reply<Page>> =>
    api.ask<Page>(
      `query($first: Int, $after: String) { models(first: $first, after: $after) {
         edges { cursor node { version status createdAt liveSince replaced dimensions { items } sha256
                               metrics { testedUsers model { ndcgAt10 overlap coverage } } } }
         pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
      variables,
      key,
    );
  const page = async (first: number, after: string | null = null): Promise<Page['models']> => {
    const { data, errors } = await ask({ first, after });
    expect(errors).toEqual([]);
    return data.models;
  };
  const versions = ({ edges }: Page['models']): readonly number[] => edges.map(({ node }) => node.version);

  it('is empty before the first', async () => {
    const { edges, pageInfo } = await page(10);
    expect([edges, pageInfo]).toEqual([[], { hasNextPage: false, hasPreviousPage: false, endCursor: null }]);
  });

  it('says what became of each, the newest first, with its figures', async () => {
    await promoteRandom(api, ['a']);
    const live = await promoteRandom(api, ['a', 'b']);
    const refused = await storeCheckpoint(api.dataSource, randomCheckpoint(['a', 'b', 'c']));
    await api.app.get(Promotion).reject(refused, async () => Promise.resolve());
    await storeCheckpoint(api.dataSource, randomCheckpoint(['a']));
    const figures = { hrAt10: 0.2, ndcgAt10: 0.1, overlap: 0.03, coverage: 0.5 };
    await api.dataSource.query('UPDATE model SET metrics = $2 WHERE version = $1', [
      live,
      JSON.stringify({ testedUsers: 7, model: figures }),
    ]);
    const { edges } = await page(10);
    expect(edges.map(({ node: { version, status, replaced } }) => [version, status, replaced])).toEqual([
      [4, 'CANDIDATE', null],
      [3, 'REJECTED', null],
      [2, 'LIVE', 1],
      [1, 'RETIRED', null],
    ]);
    expect(edges.map(({ node }) => node.liveSince !== null)).toEqual([false, false, true, false]);
    expect(edges[2]?.node).toMatchObject({
      createdAt: expect.stringMatching(/Z$/),
      dimensions: { items: 2 },
      metrics: { testedUsers: 7, model: { ndcgAt10: 0.1, overlap: 0.03, coverage: 0.5 } },
    });
  });

  it('has each once on its pages, those of one moment too, and whoever comes or goes between them moves none', async () => {
    for (let n = 0; n < 21; n++) await storeCheckpoint(api.dataSource, randomCheckpoint(['a']));
    await api.dataSource.query(`UPDATE model SET created_at = '2026-01-01T00:00:00Z'`);
    const first = await page(10);
    const last = versions(first).at(-1) ?? 0;
    await api.dataSource.query('DELETE FROM model WHERE version = $1', [last]); //          case S07
    const newest = await storeCheckpoint(api.dataSource, randomCheckpoint(['a']));
    const second = await page(10, first.pageInfo.endCursor);
    await setModelStatus(api.dataSource.manager, last - 1, 'RETIRED');
    const third = await page(10, second.pageInfo.endCursor);
    const all = [first, second, third].flatMap(versions);
    expect([first, second, third].map((one) => one.edges.length)).toEqual([10, 10, 5]);
    expect(all).toEqual(Array.from({ length: 25 }, (_, n) => 25 - n));
    expect(all).not.toContain(newest);
    expect([first, second, third].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false]);
  });

  it.each([
    [{ first: 0 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ first: 1e9 }, 'first'],
    [{ after: 'x' }, 'after'],
    [{ after: Buffer.from('["2026-01-01T00:00:00Z","9999999999"]').toString('base64url') }, 'after'],
  ])('refuses %j', async (variables, field) => {
    const { errors } = await ask(variables);
    expect(errors).toMatchObject([{ message: expect.stringContaining(field), extensions: { code: 'BAD_INPUT' } }]);
  });

  it('is for operators', async () => {
    const { errors } = await ask({}, await api.newKey(['reader', 'writer']));
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
