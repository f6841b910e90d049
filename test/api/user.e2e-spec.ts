import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { slotShares } from '../../src/model/attribution.js';
import { Network } from '../../src/model/network.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { promoteRandom, putItems, startApi, statementsOf, track, type Reply, type RunningApi } from './running-api.js';
import type { ConnectionView, ProfileView } from './views.js';

const pageQuery = `query($id: ID!, $first: Int!, $after: String) { user(id: $id) { id interactions(first: $first, after: $after) {
  edges { cursor node { id sessionId itemId kind value occurredAt recommendationId properties item { id title } } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

interface Page {
  readonly user: { readonly id: string; readonly interactions: ConnectionView<{ readonly id: string }> };
}

describe("a user's interactions", () => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi('user_spec');
    await putItems(api, ['a', 'b']);
    const occurredAt = '2026-03-01T10:00:00.123Z';
    await track(
      api,
      Array.from({ length: 25 }, (_, n) => ({
        id: `i${n}`,
        userId: 'same time',
        itemId: n % 2 === 0 ? 'a' : 'b',
        occurredAt,
      })),
    );
    await api.ask(
      `mutation { trackInteractions(input: { interactions: [{ id: "full", userId: "full", sessionId: "s", itemId: "gone", kind: "rating", value: 4.5,
         occurredAt: "2026-03-01T12:00:00+02:00", recommendationId: "r", properties: { page: 3 } }] }) { accepted } }`,
    );
  });
  afterAll(async () => api.stop());

  const page = async (id: string, first: number, after: string | null = null): Promise<Reply<Page>> =>
    api.ask(pageQuery, { id, first, after });

  it('are read page by page, each once, though the row of the cursor goes and all have one time', async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const reply: Reply<Page> = await page('same time', 10, after);
      const { edges, pageInfo } = reply.data.user.interactions;
      seen.push(...edges.map(({ node }) => node.id));
      sizes.push(edges.length);
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor);
      await api.dataSource.query('DELETE FROM interaction WHERE id = $1', [seen.at(-1)]);
      after = pageInfo.endCursor;
      more = pageInfo.hasNextPage;
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `i${24 - n}`));
  });

  it('say all that was given, and null for an item that is not in the catalogue', async () => {
    const { edges } = (await page('full', 1)).data.user.interactions;
    expect(edges[0]?.node).toEqual({
      ...{ id: 'full', sessionId: 's', itemId: 'gone', item: null, kind: 'rating', value: 4.5, recommendationId: 'r' },
      ...{ occurredAt: '2026-03-01T10:00:00.000Z', properties: { page: 3 } },
    });
  });

  it('come with the properties of the profile, none for a user without one', async () => {
    await api.dataSource.query(`INSERT INTO user_profile (id, properties) VALUES ('full', '{"city": "Oslo"}')`);
    const { data } = await api.ask('{ full: user(id: "full") { properties } other: user(id: "other") { properties } }');
    expect(data).toEqual({ full: { properties: { city: 'Oslo' } }, other: { properties: {} } });
  });

  it('load their items by one statement', async () => {
    const statements = await statementsOf(api, async () => page('same time', 20));
    expect(statements.filter((statement) => /FROM item i WHERE i.id = ANY/.test(statement))).toHaveLength(1);
  });

  it('of an unknown user are none', async () => {
    const { data, errors } = await page('nobody', 5);
    expect(errors).toEqual([]);
    const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    expect(data.user).toEqual({ id: 'nobody', interactions: { edges: [], pageInfo } });
  });

  it('refuse sizes and cursors that are none', async () => {
    for (const first of [0, -1, 101]) {
      const { errors } = await page('full', first);
      expect(errors).toMatchObject([{ message: expect.stringMatching(/1 to 100/), extensions: { code: 'BAD_INPUT' } }]);
    }
    const forged = Buffer.from(JSON.stringify(['2026-03-01T10:00:00Z', "1' OR 1=1"])).toString('base64url');
    for (const after of ['', 'x', forged, Buffer.from('{}').toString('base64url')]) {
      expect((await page('full', 5, after)).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    }
  });
});

describe('a memory profile', () => {
  let api: RunningApi;
  const network = new Network(randomCheckpoint(['a', 'b', 'c']));
  beforeAll(async () => {
    api = await startApi('profile_spec');
    await putItems(api, [
      { id: 'a', title: 'Alpha', categories: ['red', 'blue'] },
      { id: 'b', categories: ['red'] },
      { id: 'c', categories: [] },
    ]);
  });
  afterAll(async () => api.stop());

  const profileOf = async (userId: string): Promise<Reply<{ memoryProfile: ProfileView }>> =>
    api.ask(
      `query($userId: ID!) { memoryProfile(userId: $userId) { userId interactionsApplied lastOccurredAt modelVersion updatedAt emptyReason
         slots { index weight halfLife label nearestItems { id } interactions { itemId kind occurredAt share item { title } } }
         topItems { itemId share item { id } } topCategories { category share } } }`,
      { userId },
    );

  it('is empty, and says why, before a model, for a stranger and without memory', async () => {
    await track(api, [{ userId: 'u', itemId: 'a' }]);
    expect((await profileOf('u')).data.memoryProfile).toMatchObject({
      slots: [],
      emptyReason: 'NO_MODEL',
      modelVersion: null,
    });
    await promoteRandom(api, ['a', 'b', 'c']);
    expect((await profileOf('nobody')).data.memoryProfile).toMatchObject({ slots: [], emptyReason: 'UNKNOWN_USER' });
    await api.dataSource.query('DELETE FROM user_memory');
    expect((await profileOf('u')).data.memoryProfile).toMatchObject({ slots: [], emptyReason: 'NO_MEMORY_YET' });
  });

  it('tells what each slot holds, how it is weighed and how fast it fades', async () => {
    await track(
      api,
      ['a', 'b', 'a', 'gone'].map((itemId) => ({ userId: 'v', itemId })),
    );
    const { data, errors } = await profileOf('v');
    expect(errors).toEqual([]);
    const profile = data.memoryProfile;
    const { state, gates } = network.trace([1, 2, 1, 0]);
    const attention = network.attention(state);
    const shares = slotShares(gates);
    expect(profile).toMatchObject({ userId: 'v', interactionsApplied: 4, emptyReason: null });
    expect(profile.lastOccurredAt).toBe('2026-01-01T00:03:00.000Z');
    profile.slots.forEach((slot, s) => {
      expect(slot.weight).toBeCloseTo(attention[s] ?? NaN, 6);
      const keep = gates.reduce((sum, gate) => sum + (gate[s] ?? 0), 0) / gates.length;
      expect(slot.halfLife).toBeCloseTo(Math.log(0.5) / Math.log(keep), 5);
      const expected = shares.map((share) => share[s] ?? NaN).sort((one, other) => other - one);
      expect(slot.interactions.map(({ share }) => share)).toEqual(expected);
    });
    const byEvent = network.attribution(gates, attention);
    const share = (...events: readonly number[]): number =>
      events.reduce((sum, event) => sum + (byEvent[event] ?? NaN), 0);
    const top = new Map(profile.topItems.map((one) => [one.itemId, one.share]));
    expect(top.get('a')).toBeCloseTo(share(0, 2), 6);
    expect(top.get('gone')).toBeCloseTo(share(3), 6);
    const categories = new Map(profile.topCategories.map((one) => [one.category, one.share]));
    expect(categories.get('red')).toBeCloseTo(share(0, 2) / 2 + share(1), 6);
    expect(categories.get('blue')).toBeCloseTo(share(0, 2) / 2, 6);
  });

  it('labels a slot by the items that lie nearest to what it says', async () => {
    const { slots } = (await profileOf('v')).data.memoryProfile;
    for (const { label, nearestItems } of slots) {
      const titles: Readonly<Record<string, string>> = { a: 'Alpha', b: 'b', c: 'c' };
      expect(label).toBe(nearestItems.map(({ id }) => titles[id]).join(', '));
    }
    expect(slots.some(({ label }) => label !== '')).toBe(true);
  });

  it('of a model with heads and kinds weighs its slots by the mean over the heads', async () => {
    const looking = { heads: 2, slots: 3, kinds: ['view'], gaps: 6 };
    await promoteRandom(api, ['a', 'b', 'c'], looking);
    const { data, errors } = await profileOf('v');
    expect(errors).toEqual([]);
    const headed = new Network(randomCheckpoint(['a', 'b', 'c'], looking));
    const sequence = ['a', 'b', 'a', 'gone'].map((itemId, minute) => ({
      itemId,
      kind: 'view',
      occurredAt: Date.UTC(2026, 0, 1, 0, minute),
    }));
    const { rows, ...context } = headed.eventsOf(sequence);
    const { state, gates } = headed.trace(rows, context);
    const attention = headed.attention(state);
    const { slots, topItems } = data.memoryProfile;
    expect(slots.map(({ weight }) => weight)).toEqual(
      [0, 1, 2].map((slot) => expect.closeTo(((attention[slot] ?? NaN) + (attention[3 + slot] ?? NaN)) / 2, 6)),
    );
    const byEvent = headed.attribution(gates, attention);
    const share = topItems.find(({ itemId }) => itemId === 'gone')?.share;
    expect(share).toBeCloseTo(byEvent[3] ?? NaN, 6);
  });

  it('of a model without slots has none, and still says what was applied', async () => {
    await promoteRandom(api, ['a', 'b', 'c'], { slots: 0 });
    const { data, errors } = await profileOf('v');
    expect(errors).toEqual([]);
    expect(data.memoryProfile).toMatchObject({
      ...{ slots: [], topItems: [], topCategories: [], interactionsApplied: 4, emptyReason: null },
    });
    const reply = await api.ask<{ recommendations: { items: unknown[]; because: unknown[] } }>(
      `{ recommendations(input: { userId: "v" }) { source items { score } because(first: 2) { attention } } }`,
    );
    expect(reply.errors).toEqual([]);
    expect(reply.data.recommendations).toMatchObject({
      source: 'MEMORY',
      because: [{ attention: 0 }, { attention: 0 }],
    });
  });
});
