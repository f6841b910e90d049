import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ImpressionLog } from '../../src/attribution/impression-log.js';
import { ImpressionRetention } from '../../src/attribution/impression-retention.js';
import { noMemory, type Answer, type RankedItem } from '../../src/recommend/answer.js';
import { noReason } from '../../src/recommend/answering.js';
import type { ItemRow } from '../../src/storage/item-read.store.js';
import { createLogger } from '../../src/telemetry.js';
import { eventually, promoteRandom, putItems, startApi, track, type RunningApi } from '../api/running-api.js';

const items = ['a', 'b', 'c', 'd', 'e', 'f'];

interface Figures {
  readonly answers: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly conversions: number;
  readonly value: number;
  readonly clickThroughRate: {
    readonly value: number | null;
    readonly low: number | null;
    readonly high: number | null;
  };
}

interface Report {
  readonly attribution: {
    readonly keptSince: string | null;
    readonly total: Figures;
    readonly groups: readonly (Readonly<Record<string, string | number | null>> & { readonly figures: Figures })[];
    readonly notCounted: { readonly otherItem: number; readonly otherUser: number; readonly unknownAnswer: number };
  };
}

interface Answered {
  readonly id: string;
  readonly items: readonly { readonly item: { readonly id: string } }[];
}

const figures =
  'answers impressions clicks conversions value clickThroughRate { value low high } valuePerImpression { value low high }';

describe('attribution', () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('attribution_spec');
    await putItems(api, items);
    await track(api, [{ userId: 'ann', itemId: 'a' }]);
    await promoteRandom(api, items);
  });
  afterAll(async () => api.stop());

  const logged = async (): Promise<number> => {
    const rows: { count: number }[] = await api.dataSource.query('SELECT count(*)::int AS count FROM recommendation');
    return rows[0]?.count ?? 0;
  };
  /** An answer, once it is in the log. */
  const recommend = async (input: Readonly<Record<string, unknown>>): Promise<Answered> => {
    const before = await logged();
    const { data, errors } = await api.ask<{ recommendations: Answered }>(
      'query($input: RecommendationsInput!) { recommendations(input: $input) { id items { item { id } } } }',
      { input: { first: 3, excludeSeen: false, ...input } },
    );
    expect(errors).toEqual([]);
    await eventually(async () => {
      expect(await logged()).toBe(before + 1);
    });
    return data.recommendations;
  };
  const report = async (input: Readonly<Record<string, unknown>>): Promise<Report['attribution']> => {
    const { data, errors } = await api.ask<Report>(
      `query($input: AttributionInput!) { attribution(input: $input) {
         keptSince total { ${figures} }
         groups { modelVersion operation source fallbackReason rule rank figures { ${figures} } }
         notCounted { otherItem otherUser unknownAnswer } } }`,
      { input },
    );
    expect(errors).toEqual([]);
    return data.attribution;
  };
  const itemAt = ({ items: placed }: Answered, place: number): string => placed[place]?.item.id ?? '';

  it('counts each item of an answer once, by its user, whenever the events come, and says what it does not count', async () => {
    const from = new Date().toISOString();
    const first = await recommend({ userId: 'ann' });
    const second = await recommend({ userId: 'ann' });
    await recommend({ userId: 'bob' });
    const until = new Date(Date.now() + 1).toISOString();
    const later = new Date(Date.now() + 60_000).toISOString(); //                                     behind the window
    const notAnswered = items.find((id) => !first.items.some(({ item }) => item.id === id)) ?? '';
    const events = [
      { userId: 'ann', itemId: itemAt(first, 0), kind: 'click', recommendationId: first.id },
      { userId: 'ann', itemId: itemAt(first, 0), kind: 'click', recommendationId: first.id }, //      once
      { userId: 'ann', itemId: itemAt(first, 0), kind: 'purchase', value: 12, recommendationId: first.id },
      { userId: 'ann', itemId: itemAt(first, 0), kind: 'purchase', value: 99, recommendationId: first.id }, // the first counts
      { userId: 'ann', itemId: itemAt(first, 1), kind: 'view', recommendationId: first.id }, //       is no click here
      { userId: 'ann', itemId: itemAt(second, 2), kind: 'click', recommendationId: second.id },
      { userId: 'bob', itemId: itemAt(second, 1), kind: 'click', recommendationId: second.id }, //    ann's answer
      { userId: 'ann', itemId: notAnswered, kind: 'click', recommendationId: first.id }, //           not in it
      { userId: 'ann', itemId: itemAt(first, 2), kind: 'click', recommendationId: randomUUID() }, //  of no answer
      { userId: 'ann', itemId: itemAt(first, 2), kind: 'click', recommendationId: 'no uuid' },
      { userId: 'ann', itemId: itemAt(first, 2), kind: 'click' },
    ];
    const start = Date.parse(later);
    const rows = events.map((event, n) => ({ ...event, occurredAt: new Date(start + n).toISOString() }));
    expect((await track(api, rows)).data.trackInteractions.accepted).toBe(rows.length);

    const { total, groups, notCounted, keptSince } = await report({ from, until, by: ['SOURCE', 'FALLBACK_REASON'] });
    expect(total).toMatchObject({ answers: 3, impressions: 9, clicks: 2, conversions: 1, value: 12 });
    expect(groups).toMatchObject([
      { source: 'LATEST', fallbackReason: 'UNKNOWN_USER', figures: { impressions: 2, clicks: 0 } },
      { source: 'MEMORY', fallbackReason: null, figures: { impressions: 6, clicks: 2, conversions: 1, value: 12 } },
      { source: 'POPULAR', fallbackReason: 'UNKNOWN_USER', figures: { impressions: 1, clicks: 0 } },
    ]);
    expect(notCounted).toEqual({ otherItem: 1, otherUser: 1, unknownAnswer: 0 });
    expect((await report({ from, until: new Date(start + 1_000).toISOString() })).notCounted.unknownAnswer).toBe(2);
    expect(new Date(keptSince ?? 0).getTime()).toBeLessThan(Date.now() - 89 * 86_400_000);
    // 2 of 9: Wilson; 12 by 9 impressions
    expect(total.clickThroughRate.value).toBeCloseTo(2 / 9);
    expect(total.clickThroughRate.low).toBeCloseTo(0.0632, 4);
    expect(total.clickThroughRate.high).toBeCloseTo(0.5474, 4);
    expect(total).toMatchObject({
      valuePerImpression: { value: expect.closeTo(12 / 9), low: expect.closeTo(-1.28, 2) },
    });
    // what is a click is a matter of the question
    const views = await report({ from, until, clickKinds: ['view'], by: [] });
    expect(views).toMatchObject({ groups: [], total: { clicks: 1, conversions: 1 } });
    const ranks = await report({ from, until, by: ['RANK', 'MODEL_VERSION'] });
    expect(ranks.groups.map(({ rank, modelVersion, figures: { clicks } }) => [rank, modelVersion, clicks])).toEqual(
      expect.arrayContaining([
        [1, 1, 1],
        [2, 1, 0],
        [3, 1, 1],
        [1, null, 0],
      ]),
    );
    const before = await report({ from: '2020-01-01T00:00:00Z', until: from });
    expect(before).toMatchObject({ total: { answers: 0, clickThroughRate: { value: null, low: null } }, groups: [] });
  });

  it('counts for an answer to nobody whoever names it', async () => {
    const from = new Date().toISOString();
    const answer = await recommend({ interactions: [{ itemId: 'a' }] });
    const rows = ['ann', 'bob'].map((userId) => ({
      ...{ userId, itemId: itemAt(answer, 0), kind: 'click', recommendationId: answer.id },
      occurredAt: new Date().toISOString(),
    }));
    await track(api, rows);
    const { groups, notCounted } = await report({ from, by: ['OPERATION'] });
    expect(groups).toMatchObject([
      { operation: 'RECOMMENDATIONS', figures: { answers: 1, impressions: 3, clicks: 1 } },
    ]);
    expect(notCounted).toEqual({ otherItem: 0, otherUser: 0, unknownAnswer: 0 });
  });

  it('logs every query that answers items', async () => {
    const from = new Date().toISOString();
    const before = await logged();
    await api.ask('{ similarItems(input: {itemId: "a", first: 2}) { id } popularItems(input: {first: 1}) { id } }');
    await eventually(async () => {
      expect(await logged()).toBe(before + 2);
    });
    const { groups } = await report({ from, by: ['OPERATION'] });
    expect(groups.map(({ operation, figures: { impressions } }) => [operation, impressions])).toEqual([
      ['POPULAR_ITEMS', 1],
      ['SIMILAR_ITEMS', 2],
    ]);
  });

  it('tells rules apart', async () => {
    const from = new Date().toISOString();
    const before = await logged();
    const answer = answerOf(4);
    const rules = [['pinned'], ['boost: sale', 'pinned'], []];
    const placed = answer.items.map((item, place) => ({ ...item, rules: rules[place] ?? [] }));
    api.app.get(ImpressionLog).noted({ ...answer, items: placed }, 'RECOMMENDATIONS', 'ann');
    await eventually(async () => {
      expect(await logged()).toBe(before + 1);
    });
    const { groups, total } = await report({ from, by: ['RULE'] });
    expect(groups.map(({ rule, figures: { impressions } }) => [rule, impressions])).toEqual([
      ['boost: sale', 1],
      ['pinned', 2],
      [null, 2],
    ]);
    expect(total.impressions).toBe(4);
  });

  it('is for operators, and refuses what it can not mean', async () => {
    const query = 'query($input: AttributionInput!) { attribution(input: $input) { keptSince } }';
    const ask = async (input: unknown, key?: string): Promise<unknown> =>
      (await api.ask(query, { input }, key)).errors.map(({ message, extensions }) => [extensions.code, message]);
    const from = '2026-01-01T00:00:00Z';
    expect(await ask({ from }, await api.newKey(['reader', 'writer', 'privacy']))).toEqual([
      ['FORBIDDEN', expect.stringMatching(/operator/)],
    ]);
    expect(await ask({ from, until: from })).toEqual([['BAD_INPUT', 'from: must be before until']]);
    expect(await ask({ from, clickKinds: ['tap'] })).toEqual([
      ['BAD_INPUT', expect.stringMatching(/"tap" is not a configured kind/)],
    ]);
    expect(await ask({ from: 'yesterday' })).toEqual([['BAD_INPUT', expect.stringMatching(/from/)]]);
  });

  it('goes with its user: merged, exported and erased', async () => {
    const key = await api.newKey(['privacy']);
    const privately = async (mutation: string): Promise<unknown> => {
      const { data, errors } = await api.ask(`mutation { ${mutation} }`, undefined, key);
      expect(errors).toEqual([]);
      return data;
    };
    const from = new Date().toISOString();
    const answer = await recommend({ userId: 'session:s1' });
    await privately('mergeUsers(input: {from: "session:s1", into: "eve"}) { interactions }');
    const late = await recommend({ userId: 'session:s1' }); // a page that was open still
    await track(
      api,
      [
        { sessionId: 's1', itemId: itemAt(answer, 0), kind: 'click', recommendationId: answer.id },
        { userId: 'eve', itemId: itemAt(late, 1), kind: 'click', recommendationId: late.id },
      ].map((row, n) => ({ ...row, occurredAt: new Date(Date.now() + n).toISOString() })),
    );
    expect(await report({ from })).toMatchObject({
      total: { answers: 2, clicks: 2 },
      notCounted: { otherItem: 0, otherUser: 0 },
    });
    const exported = await privately('exportUser(input: {userId: "eve"}) { data }');
    expect(exported).toMatchObject({
      exportUser: {
        data: {
          recommendations: [
            { id: late.id, firstRank: 1, operation: 'RECOMMENDATIONS', itemIds: late.items.map(({ item }) => item.id) },
            { id: answer.id, modelVersion: null, source: 'POPULAR', fallbackReason: 'UNKNOWN_USER' },
          ],
        },
      },
    });
    // answers that wait while the user is erased are not kept either
    const log = api.app.get(ImpressionLog);
    const before = await logged();
    log.noted(answerOf(2), 'RECOMMENDATIONS', 'eve');
    await privately('eraseUser(input: {userId: "eve"}) { interactions }');
    log.noted(answerOf(2), 'RECOMMENDATIONS', 'eve');
    log.noted(answerOf(2), 'RECOMMENDATIONS', 'ann');
    await eventually(async () => {
      expect(await logged()).toBe(before - 2 + 1);
    });
    expect(await api.dataSource.query(`SELECT FROM recommendation WHERE user_id IN ('eve', 'session:s1')`)).toEqual([]);
  });

  it('forgets answers when their time is over', async () => {
    const before = await logged();
    await api.dataSource.query(
      `INSERT INTO recommendation SELECT 'old', gen_random_uuid(), 1, now() - interval '91 days', 'RECOMMENDATIONS', 1, 'MEMORY', NULL, '{a}', '{MEMORY}'
         FROM generate_series(1, 12000)`,
    );
    const retention = new ImpressionRetention(api.config, createLogger(api.config), api.dataSource);
    retention.onApplicationBootstrap();
    await eventually(async () => {
      expect(await logged()).toBe(before);
    });
    await retention.onModuleDestroy();
  });

  it('counts what it could not log, and answers meanwhile', async () => {
    const before = await logged();
    const figure = async (name: string): Promise<number> => {
      const { body } = await api.send({
        method: 'GET',
        url: '/metrics',
        headers: { authorization: `Bearer ${api.key}` },
      });
      return Number(new RegExp(`^recollect_answers_${name} (\\d+)$`, 'm').exec(body)?.[1] ?? 0);
    };
    const written = await figure('logged_total');
    const holder = api.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE recommendation IN ACCESS EXCLUSIVE MODE');
    const log = api.app.get(ImpressionLog);
    const answer = answerOf(100);
    for (let n = 0; n < 1_007; n++) log.noted({ ...answer, id: randomUUID() }, 'RECOMMENDATIONS', 'ann');
    const { errors } = await api.ask('{ recommendations(input: {userId: "ann", first: 3}) { id } }');
    expect(errors).toEqual([]);
    expect(await figure('not_logged_total\\{reason="queue_full"\\}')).toBe(8); // of room for 1,000
    await holder.rollbackTransaction();
    await holder.release();
    await eventually(async () => {
      expect(await logged()).toBe(before + 1_000);
    });
    expect(await figure('logged_total')).toBe(written + 1_000);
    expect(await figure('waiting')).toBe(0);
  });
});

describe('the log of impressions', () => {
  it('keeps nothing where it is switched off', async () => {
    const api = await startApi('attribution_off_spec', { RECOLLECT_IMPRESSION_DAYS: '0' });
    try {
      await putItems(api, items);
      await api.ask('{ recommendations(input: {userId: "ann"}) { id } }');
      await api.app.get(ImpressionLog).onApplicationShutdown();
      expect(await api.dataSource.query('SELECT FROM recommendation')).toEqual([]);
      const { data } = await api.ask('{ attribution(input: {from: "2026-01-01T00:00:00Z"}) { keptSince } }');
      expect(data).toEqual({ attribution: { keptSince: null } });
    } finally {
      await api.stop();
    }
  });

  it('writes what waits before it stops', async () => {
    const api = await startApi('attribution_stop_spec');
    try {
      const log = api.app.get(ImpressionLog);
      log.noted(answerOf(3), 'RECOMMENDATIONS', 'ann');
      await log.onApplicationShutdown();
      expect(await api.dataSource.query('SELECT user_id FROM recommendation')).toEqual([{ user_id: 'ann' }]);
    } finally {
      await api.stop();
    }
  });
});

function answerOf(count: number): Answer {
  const placed = Array.from({ length: count }, (_, place): RankedItem => ({
    ...{ rank: place + 1, score: 1, source: 'MEMORY' },
    item: { id: `item ${place}` } as ItemRow,
  }));
  return {
    ...{ id: randomUUID(), source: 'MEMORY', fallbackReason: null, modelVersion: 1, interactionsSeen: 1 },
    ...{ ...noMemory, shortfall: null, items: placed, because: noReason },
  };
}
