/** Answers that are read in pages, while the memory and the catalogue change. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { AnswerView } from './views.js';

const learned = Array.from({ length: 60 }, (_, place) => `i${place}`);
type Input = Readonly<Record<string, unknown>>;
type PageView = AnswerView & {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
};

describe('pages of an answer', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('pages_spec');
    await putItems(api, learned);
    await promoteRandom(api, learned);
    await track(
      api,
      ['i1', 'i2'].map((itemId) => ({ userId: 'u', itemId })),
    );
  });
  afterAll(async () => api.stop());

  const ask = async (input: Input) =>
    api.ask<{ page: PageView }>(
      `query($input: RecommendationsInput!) { page: recommendations(input: $input) { id source modelVersion interactionsSeen
         shortfall { missing cause } pageInfo { hasNextPage endCursor } items { rank score source rules item { id } } } }`,
      { input: { userId: 'u', first: 10, ...input } },
    );
  const page = async (input: Input): Promise<PageView> => {
    const { data, errors } = await ask(input);
    expect(errors).toEqual([]);
    return data.page;
  };
  const refusal = async (input: Input) => {
    const { status, errors } = await ask(input);
    return [status, errors[0]?.extensions.code, errors[0]?.message];
  };
  const idsOf = ({ items }: PageView) => items.map(({ item }) => item.id);
  const after = ({ pageInfo }: PageView) => ({ after: pageInfo.endCursor });

  it('go through one order to its end, each item once, with ranks that go on', async () => {
    const whole = await page({ first: 58 });
    expect(whole.pageInfo).toEqual({ hasNextPage: false, endCursor: null });
    const pages = [await page({})];
    for (let last = pages[0]; last?.pageInfo.hasNextPage === true; last = pages.at(-1))
      pages.push(await page(after(last)));
    expect(pages.map(({ items }) => items.length)).toEqual([10, 10, 10, 10, 10, 8]);
    expect(pages.flatMap(idsOf)).toEqual(idsOf(whole));
    expect(pages.flatMap(({ items }) => items)).toEqual(whole.items);
    expect(new Set(pages.map(({ id }) => id)).size).toBe(1);
    expect(pages.at(-1)).toMatchObject({
      shortfall: { missing: 2, cause: 'PAGES_EXHAUSTED' },
      pageInfo: { endCursor: null },
    });
  });

  it('stay in their order when the memory changes, without what was seen or hidden meanwhile', async () => {
    const order = idsOf(await page({ first: 30 }));
    const first = await page({});
    const [seen = '', hidden = ''] = order.slice(12);
    await track(api, [{ userId: 'u', itemId: seen, occurredAt: '2026-02-01T00:00:00Z' }]);
    await putItems(api, [{ id: hidden, available: false }]);
    const second = await page(after(first));
    expect(idsOf(second)).toEqual(order.slice(10, 22).filter((id) => id !== seen && id !== hidden));
    expect(second.items.map(({ rank }) => rank)).toEqual(second.items.map((_, place) => 11 + place));
    expect(second.interactionsSeen).toBe(first.interactionsSeen);
    const third = await page(after(second));
    expect(idsOf(third).filter((id) => [...idsOf(first), ...idsOf(second)].includes(id))).toEqual([]);
    await putItems(api, [hidden]);
  });

  it('keep their rules', async () => {
    const rules = { exploration: { weight: 3 } };
    const first = await page({ rules });
    const second = await page({ rules, ...after(first) });
    expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(20);
  });

  it('are logged as one answer', async () => {
    const first = await page({});
    await page(after(first));
    await eventually(async () => {
      const rows = await api.dataSource.query<{ first_rank: number }[]>(
        'SELECT first_rank FROM recommendation WHERE id = $1 ORDER BY 1',
        [first.id],
      );
      expect(rows).toEqual([{ first_rank: 1 }, { first_rank: 11 }]);
    });
  });

  it('go on for a visitor', async () => {
    const input = { userId: null, interactions: [{ itemId: 'i3' }] };
    const first = await page(input);
    expect(idsOf(await page({ ...input, ...after(first) })).filter((id) => idsOf(first).includes(id))).toEqual([]);
  });

  it('are refused to another user, by another request, when forged and when their time is over', async () => {
    const first = await page({});
    const other = [200, 'BAD_INPUT', expect.stringMatching(/^after: .*another/)];
    expect(await refusal({ ...after(first), userId: 'v' })).toEqual(other);
    expect(await refusal({ ...after(first), filter: {} })).toEqual(other);
    const forged = (cursor: unknown) => ({ after: Buffer.from(JSON.stringify(cursor)).toString('base64url') });
    for (const cursor of [['x', 1, 1], [first.id, -1, 1], [first.id, 1e9, 1], {}, [first.id]]) {
      expect(await refusal(forged(cursor))).toEqual([200, 'BAD_INPUT', 'after: is not a cursor of an answer']);
    }
    expect(await refusal({ after: '\u{1F600}' })).toEqual([200, 'BAD_INPUT', 'after: is not a cursor of an answer']);
    expect(await refusal(forged([first.id, 9_999, 1]))).toEqual(other);
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect((await refusal(forged([unknown, 10, 10])))[1]).toBe('CURSOR_EXPIRED');
    await api.dataSource.query(`UPDATE answer_snapshot SET answered_at = now() - interval '61 minutes'`);
    expect((await refusal(after(first)))[1]).toBe('CURSOR_EXPIRED');
    await page({});
    const [{ count } = { count: -1 }] = await api.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM answer_snapshot',
    );
    expect(count).toBe(1); // those whose time was over left with the next one
  });

  it('hold no user id', async () => {
    const rows = await api.dataSource.query<object[]>('SELECT * FROM answer_snapshot');
    expect(Object.keys(rows[0] ?? {}).join()).not.toContain('user');
  });
});
