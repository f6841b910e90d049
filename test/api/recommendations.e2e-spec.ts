import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rank } from '../../src/model/rank.js';
import { Network } from '../../src/model/network.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import {
  eventually,
  promoteRandom,
  putItems,
  startApi,
  statementsOf,
  track,
  type Reply,
  type RunningApi,
} from './running-api.js';
import type { AnswerView, PlacedView } from './views.js';

const known = ['a', 'b', 'c', 'd', 'e', 'f'];
const fields = `id source fallbackReason modelVersion interactionsSeen memoryUpdatedAt shortfall { missing cause }
  items { rank score source item { id title } }`;

interface Data {
  readonly recommendations: AnswerView;
}

describe('recommendations by memory', () => {
  let api: RunningApi;
  let version: number;
  const network = new Network(randomCheckpoint(known));

  beforeAll(async () => {
    api = await startApi('recommendations_spec');
    await putItems(api, known);
    version = await promoteRandom(api, known);
    await track(api, [
      { userId: 'u', itemId: 'a' },
      { userId: 'u', itemId: 'c' },
      { userId: 'u', itemId: 'a', kind: 'purchase' },
      { userId: 'skipper', itemId: 'a', kind: 'skip' },
    ]);
  });
  afterAll(async () => api.stop());

  const recommend = async (input: Readonly<Record<string, unknown>>, selection = fields): Promise<Reply<Data>> =>
    api.ask(`query($input: RecommendationsInput!) { recommendations(input: $input) { ${selection} } }`, { input });

  const expectedRanking = (
    items: readonly string[],
    seen: readonly string[],
  ): readonly { id: string; score: number }[] => {
    const { state } = network.trace(items.map((item) => network.vocabulary.rowOf(item)));
    const isUnseen = (row: number): boolean => !seen.includes(network.vocabulary.idOf(row));
    return rank(network.scores(state), known.length, isUnseen).map(({ row, score }) => ({
      id: network.vocabulary.idOf(row),
      score,
    }));
  };

  const placedOf = (items: readonly PlacedView[]): readonly { id: string; score: number }[] =>
    items.map(({ item, score }) => ({ id: item.id, score }));

  it('ranks what the user has not seen by the scores of the memory, and says what they rest on', async () => {
    const { data } = await recommend({ userId: 'u', first: 4 });
    const answer = data.recommendations;
    expect(placedOf(answer.items)).toEqual(expectedRanking(['a', 'c', 'a'], ['a', 'c']));
    expect(answer.items.map(({ rank: place }) => place)).toEqual([1, 2, 3, 4]);
    expect(answer).toMatchObject({
      source: 'MEMORY',
      fallbackReason: null,
      modelVersion: version,
      interactionsSeen: 3,
    });
    expect(Date.parse(answer.memoryUpdatedAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(answer.shortfall).toBeNull();
    expect(answer.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('leaves seen items in where that is asked for, and where the kind does not count as seen', async () => {
    const withSeen = await recommend({ userId: 'u', first: 6, excludeSeen: false });
    expect(placedOf(withSeen.data.recommendations.items)).toEqual(expectedRanking(['a', 'c', 'a'], []));
    const skipper = await recommend({ userId: 'skipper', first: 6 });
    expect(placedOf(skipper.data.recommendations.items)).toEqual(expectedRanking(['a'], []));
  });

  it('answers a list of a visitor as it answers a user with that history, and stores nothing', async () => {
    const interactions = ['a', 'c', 'a'].map((itemId) => ({ itemId }));
    const visitor = (await recommend({ interactions, first: 4 })).data.recommendations;
    const user = (await recommend({ userId: 'u', first: 4 })).data.recommendations;
    expect(placedOf(visitor.items)).toEqual(placedOf(user.items));
    expect(visitor).toMatchObject({
      source: 'SESSION',
      interactionsSeen: 3,
      modelVersion: version,
      memoryUpdatedAt: null,
    });
    const rows: { count: string }[] = await api.dataSource.query('SELECT count(*) FROM interaction');
    expect(rows).toEqual([{ count: '4' }]);
  });

  it('counts what somebody looks at as his last interaction, and stores nothing of it', async () => {
    const context = { itemId: 'b' };
    const byUser = await recommend({ userId: 'u', first: 3, context });
    expect(placedOf(byUser.data.recommendations.items)).toEqual(expectedRanking(['a', 'c', 'a', 'b'], ['a', 'b', 'c']));
    expect(byUser.data.recommendations).toMatchObject({ source: 'MEMORY', fallbackReason: null, interactionsSeen: 3 });
    const interactions = [{ itemId: 'a' }, { itemId: 'c' }];
    const byList = await recommend({ interactions, first: 3, context });
    expect(placedOf(byList.data.recommendations.items)).toEqual(expectedRanking(['a', 'c', 'b'], ['a', 'b', 'c']));
    const again = await recommend({ userId: 'u', first: 3 });
    expect(placedOf(again.data.recommendations.items)).toEqual(
      expectedRanking(['a', 'c', 'a'], ['a', 'c']).slice(0, 3),
    );
  });

  it('answers a stranger by what he looks at, and says that it is no more', async () => {
    for (const [who, fallbackReason] of [
      [{ userId: 'stranger' }, 'UNKNOWN_USER'],
      [{ interactions: [] }, 'NO_INTERACTIONS'],
    ] as const) {
      const { data } = await recommend({ ...who, first: 5, context: { itemId: 'b' } });
      expect(placedOf(data.recommendations.items)).toEqual(expectedRanking(['b'], ['b']));
      expect(data.recommendations).toMatchObject({ source: 'SESSION', fallbackReason, modelVersion: version });
      const unknown = await recommend({ ...who, first: 5, context: { itemId: 'nowhere' } });
      expect(unknown.data.recommendations).toMatchObject({ fallbackReason, modelVersion: null });
    }
  });

  it('orders a list of a visitor by time if all of it has times', async () => {
    const interactions = [
      { itemId: 'c', occurredAt: '2026-02-01T12:00:00+02:00' },
      { itemId: 'b', occurredAt: '2026-02-01T09:00:00Z' },
    ];
    const { data } = await recommend({ interactions, first: 4 });
    expect(placedOf(data.recommendations.items)).toEqual(expectedRanking(['b', 'c'], ['b', 'c']));
  });

  it('fills with popular and then with new items, each with its own source', async () => {
    await putItems(api, ['counted', 'new']);
    await track(api, [{ userId: 'other', itemId: 'counted' }]);
    await eventually(async () => {
      const { data } = await recommend({ userId: 'u', first: 7 });
      const { items, source, shortfall } = data.recommendations;
      expect(items.slice(4).map(({ item, source: by }) => [item.id, by])).toEqual([
        ['counted', 'POPULAR'],
        ['new', 'LATEST'],
      ]);
      expect(source).toBe('MEMORY');
      expect(shortfall).toEqual({ missing: 1, cause: 'SEEN' });
    });
  });

  it('names the interactions by their exact share of the read', async () => {
    const { data } = await recommend(
      { userId: 'u', first: 2 },
      'because(first: 10) { itemId kind occurredAt attention item { title } } items { because(first: 1) { itemId attention } }',
    );
    const { because, items } = data.recommendations;
    const { state, gates } = network.trace([1, 3, 1]);
    const shares = network.attribution(gates, network.attention(state));
    const expected = [
      { itemId: 'a', kind: 'view', occurredAt: '2026-01-01T00:00:00.000Z', attention: shares[0] },
      { itemId: 'c', kind: 'view', occurredAt: '2026-01-01T00:01:00.000Z', attention: shares[1] },
      { itemId: 'a', kind: 'purchase', occurredAt: '2026-01-01T00:02:00.000Z', attention: shares[2] },
    ];
    const byTime = because.toSorted((one, other) => ((one.occurredAt ?? '') < (other.occurredAt ?? '') ? -1 : 1));
    expect(byTime).toEqual(expected.map((one) => ({ ...one, item: { title: `Title of ${one.itemId}` } })));
    const sum = because.reduce((total, { attention }) => total + attention, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(1);
    expect(items[1]?.because).toHaveLength(1);
  });

  it('reads the log for reasons only where they are asked for, and then once an answer', async () => {
    const reads = async (selection: string): Promise<number> => {
      const statements = await statementsOf(api, async () => recommend({ userId: 'u', first: 3 }, selection));
      return statements.filter((statement) => statement.includes('FROM interaction WHERE user_id')).length;
    };
    expect(await reads('items { item { id } }')).toBe(0);
    expect(await reads('because { attention } items { because { attention } item { id } }')).toBe(1);
  });

  it('costs one statement for the memory and one for the items', async () => {
    const statements = await statementsOf(api, async () =>
      recommend({ userId: 'u', first: 3 }, 'items { item { id title categories } }'),
    );
    expect(statements.filter((statement) => statement.includes('FROM user_memory'))).toHaveLength(1);
    expect(statements.filter((statement) => /JOIN item i ON i.id = c.id/.test(statement))).toHaveLength(1);
  });

  it('refuses what it can not mean', async () => {
    const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
      [{ userId: 'u', first: 0 }, /from 1 to 100/],
      [{ userId: 'u', first: -1 }, /from 1 to 100/],
      [{ userId: 'u', first: 101 }, /from 1 to 100/],
      [{}, /either userId or interactions/],
      [{ userId: 'u', interactions: [] }, /either userId or interactions/],
      [{ userId: '' }, /userId/],
      [{ userId: 'with\0nul' }, /userId/],
      [{ interactions: [{ itemId: 'a', kind: 'toString' }] }, /interactions\[0\]\.kind/],
      [{ interactions: [{ itemId: 'a', occurredAt: '2026-02-30T00:00:00Z' }] }, /interactions\[0\]\.occurredAt/],
      [{ interactions: Array.from({ length: 501 }, () => ({ itemId: 'a' })) }, /at most 500/],
    ];
    for (const [input, message] of wrong) {
      const { errors } = await recommend(input);
      expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_INPUT' } }]);
    }
  });
});
