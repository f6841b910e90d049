import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { slotShares } from '../../src/model/attribution.js';
import { Network } from '../../src/model/network.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { eventually, promoteRandom, putItems, startApi, track, type RunningApi } from './running-api.js';
import type { ItemView } from './views.js';

const items = Array.from({ length: 8 }, (_, n) => `item ${n}`);
const options = { width: 16, slots: 4, kinds: ['view', 'click'], gaps: 12 };

interface SlotView {
  readonly weight: number;
  readonly halfLife: number;
  readonly clock: string;
  readonly lastWrite: { readonly id: string; readonly share: number };
  readonly nearestItems: readonly ItemView[];
  readonly categories: readonly { readonly category: string; readonly share: number }[];
  readonly interactions: readonly { readonly id: string; readonly share: number }[];
  readonly history: readonly {
    readonly occurredAt: string;
    readonly interactionsApplied: number;
    readonly weight: number;
    readonly label: string;
    readonly nearestItems: readonly ItemView[];
  }[];
}

interface ProfileView {
  readonly interactionsApplied: number;
  readonly lastOccurredAt: string | null;
  readonly updatedAt: string | null;
  readonly emptyReason: string | null;
  readonly slots: readonly SlotView[];
}

describe('a memory profile', () => {
  let api: RunningApi;
  const network = new Network(randomCheckpoint(items, options));
  beforeAll(async () => {
    api = await startApi('memory_profile_spec');
    await putItems(
      api,
      items.map((id, n) => ({ id, title: `Title ${n}`, categories: n % 2 === 0 ? ['even'] : ['odd', 'all'] })),
    );
    await promoteRandom(api, items, options);
  });
  afterAll(async () => api.stop());

  const profileOf = async (userId: string, selection: string, asOf?: string): Promise<ProfileView> => {
    const { data, errors } = await api.ask<{ memoryProfile: ProfileView }>(
      `query($userId: ID!, $asOf: DateTime) { memoryProfile(userId: $userId, asOf: $asOf) { ${selection} } }`,
      { userId, asOf },
    );
    expect(errors).toEqual([]);
    return data.memoryProfile;
  };
  const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  const event = (n: number, second: number) => ({
    id: `event ${n}`,
    itemId: `item ${(n * 5) % 8}`,
    kind: n % 2 === 0 ? 'view' : 'click',
    occurredAt: at(second),
  });
  const traced = (events: readonly ReturnType<typeof event>[]) => {
    const { rows, ...context } = network.eventsOf(
      events.map(({ occurredAt, ...one }) => ({ ...one, occurredAt: Date.parse(occurredAt) })),
    );
    const { state, gates } = network.trace(rows, context);
    return { state, gates, weights: network.attention(state), shares: slotShares(gates) };
  };
  const closeTo = (values: ArrayLike<number>) => Array.from(values, (value) => expect.closeTo(value, 6));

  it('of an instant is that of what had happened by then: equal times together, late ones in their place, forgotten ones never', async () => {
    const early = event(0, 1);
    const together = [event(1, 5), event(2, 5), event(3, 5)];
    const later = event(4, 9);
    await track(
      api,
      [early, ...together, later].map((one) => ({ ...one, userId: 'past' })),
    );
    const late = event(6, 3);
    await track(api, [{ ...late, userId: 'past' }]);
    const selection =
      'interactionsApplied lastOccurredAt updatedAt emptyReason slots { weight interactions { id share } }';
    const expectPast = async (asOf: string, events: readonly ReturnType<typeof event>[]): Promise<void> => {
      const profile = await profileOf('past', selection, asOf);
      const { weights, shares } = traced(events);
      expect(profile).toMatchObject({
        interactionsApplied: events.length,
        lastOccurredAt: events.at(-1)?.occurredAt,
        updatedAt: null,
        emptyReason: null,
      });
      expect(profile.slots.map(({ weight }) => weight)).toEqual(closeTo(weights));
      profile.slots.forEach(({ interactions }, slot) => {
        const expected = new Map(events.map(({ id }, place) => [id, shares[place]?.[slot]]));
        for (const { id, share } of interactions) expect(share).toBeCloseTo(expected.get(id) ?? NaN, 6);
        expect(interactions).toHaveLength(Math.min(5, events.length));
      });
    };
    await expectPast(at(1), [early]);
    await expectPast(new Date(Date.parse(at(5)) - 1).toISOString(), [early, late]);
    await expectPast(at(5), [early, late, ...together]);
    await expectPast(at(8), [early, late, ...together]);
    await expectPast('2026-06-01T00:00:00Z', [early, late, ...together, later]);
    await api.ask(
      'mutation { forgetInteractions(input: { userId: "past", ids: ["event 2"] }) { forgotten } }',
      {},
      await api.newKey(['privacy']),
    );
    await expectPast(at(5), [early, late, ...together.filter(({ id }) => id !== 'event 2')]);
    expect(await profileOf('past', selection, at(0))).toMatchObject({ slots: [], emptyReason: 'NO_INTERACTIONS' });
    expect(await profileOf('nobody', selection, at(0))).toMatchObject({ slots: [], emptyReason: 'UNKNOWN_USER' });
  });

  it('of an instant behind the last interaction is the memory as it is', async () => {
    const events = Array.from({ length: 30 }, (_, n) => event(n, n));
    await track(
      api,
      events.map((one) => ({ ...one, userId: 'long' })),
    );
    const selection = `interactionsApplied lastOccurredAt slots { weight halfLife clock lastWrite { id share } categories { category share } }`;
    expect(await profileOf('long', selection, at(29))).toEqual(await profileOf('long', selection));
  });

  it('says of each slot its clock, when it was last written and the categories that it speaks for', async () => {
    const { slots } = await profileOf(
      'long',
      'slots { halfLife clock lastWrite { id share } nearestItems { id } categories { category share } }',
    );
    const { gates, shares, state } = traced(Array.from({ length: 30 }, (_, n) => event(n, n)));
    const directions = network.directions(state);
    let pointing = 0;
    slots.forEach(({ halfLife, clock, lastWrite, categories }, slot) => {
      expect(clock).toBe(halfLife < 10 ? 'FAST' : 'SLOW');
      const keeps = gates.map((keep) => keep[slot] ?? NaN);
      const mean = keeps.reduce((sum, keep) => sum + keep, 0) / keeps.length;
      const last = keeps.findLastIndex((keep) => keep <= mean);
      expect(lastWrite).toEqual({ id: `event ${last}`, share: expect.closeTo(shares[last]?.[slot] ?? NaN, 6) });
      const cosines = items.map((_, n) => {
        const [vector, direction] = [network.itemVector(n + 1), directions[slot] ?? new Float32Array()];
        const dot = vector.reduce((sum, value, place) => sum + value * (direction[place] ?? NaN), 0);
        return Math.max(0, dot / Math.hypot(...vector) / Math.hypot(...direction));
      });
      const total = cosines.reduce((sum, cosine) => sum + cosine, 0);
      const odd = cosines.reduce((sum, cosine, n) => sum + (n % 2 === 0 ? 0 : cosine), 0) / total;
      if (total === 0) {
        expect(categories).toEqual([]);
        return;
      }
      pointing++;
      const sharesOf = new Map(categories.map(({ category, share }) => [category, share]));
      expect(['odd', 'all', 'even'].map((category) => sharesOf.get(category) ?? 0)).toEqual(
        closeTo([odd / 2, odd / 2, 1 - odd]),
      );
    });
    expect(pointing).toBeGreaterThan(1);
  });

  it('tells how each slot came here, by one more replay, and only where that is asked for', async () => {
    const steps = jest.spyOn(Network.prototype, 'stepTraced');
    try {
      await profileOf('long', 'slots { weight label }');
      expect(steps).toHaveBeenCalledTimes(30);
      await profileOf('long', 'slots { history(moments: 3) { weight } again: history(moments: 3) { occurredAt } }');
      expect(steps).toHaveBeenCalledTimes(30 + 60);
    } finally {
      steps.mockRestore();
    }
    const { slots } = await profileOf(
      'long',
      'slots { weight nearestItems { id } history(moments: 3) { occurredAt interactionsApplied weight label nearestItems { id } } }',
    );
    slots.forEach(({ weight, nearestItems, history }, slot) => {
      const moments = [10, 20, 30].map((count) => ({
        occurredAt: at(count - 1),
        interactionsApplied: count,
        weight: expect.closeTo(traced(Array.from({ length: count }, (_, n) => event(n, n))).weights[slot] ?? NaN, 6),
      }));
      expect(history).toMatchObject(moments);
      expect(history.at(-1)).toMatchObject({ weight, nearestItems });
      expect(history.map(({ label }) => label)).toEqual(
        history.map((moment) => moment.nearestItems.map(({ id }) => id.replace('item', 'Title')).join(', ')),
      );
    });
    await track(api, [{ ...event(0, 0), userId: 'young' }]);
    await eventually(async () => {
      expect((await profileOf('young', 'slots { history { interactionsApplied } }')).slots[0]?.history).toEqual([
        { interactionsApplied: 1 },
      ]);
    });
    const { errors } = await api.ask('{ memoryProfile(userId: "long") { slots { history(moments: 21) { weight } } } }');
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/from 1 to 20/), extensions: { code: 'BAD_INPUT' } },
    ]);
  });
});
