import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMemoryCommands } from '../../src/cli/memory.js';
import { overHeads, slotShares } from '../../src/model/attribution.js';
import { Network } from '../../src/model/network.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { runCommand } from '../command.js';
import { expectPinnedMemories, pinnedLog, slotBytes, stepByStep } from '../pinned-replay.js';
import { randomCheckpoint } from '../random-checkpoint.js';
import { promoteRandom, putItems, startApi, track, type Reply, type RunningApi } from './running-api.js';

const items = Array.from({ length: 8 }, (_, n) => `item ${n}`);
const options = { width: 16, slots: 3, heads: 2, kinds: ['view', 'click'], gaps: 8 };

interface PinView {
  readonly pinSlot: { readonly pinnedSince: string | null; readonly modelVersion: number };
}

interface ProfileView {
  readonly memoryProfile: {
    readonly slots: readonly {
      readonly pinnedSince: string | null;
      readonly weight: number;
      readonly lastWrite: { readonly id: string };
      readonly interactions: readonly { readonly id: string; readonly share: number }[];
    }[];
  };
}

describe('a pinned slot', () => {
  const network = new Network(randomCheckpoint(items, options));
  let api: RunningApi;
  let key: string;
  let version: number;
  beforeAll(async () => {
    api = await startApi('pin_slot_spec');
    key = await api.newKey(['privacy']);
    await putItems(api, items);
    version = await promoteRandom(api, items, options);
  });
  afterAll(async () => api.stop());

  const pin = async (userId: string, slot: number, pinned?: boolean): Promise<Reply<PinView>> =>
    api.ask(
      'mutation($input: PinSlotInput!) { pinSlot(input: $input) { pinnedSince modelVersion } }',
      {
        input: { userId, slot, pinned },
      },
      key,
    );
  const event = (userId: string, n: number, second = n) => ({
    ...{ id: `e${n}`, userId, itemId: `item ${(n * 5) % 8}`, kind: n % 2 === 0 ? 'view' : 'click' },
    occurredAt: new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString(),
  });
  const write = async (...events: readonly ReturnType<typeof event>[]): Promise<void> => {
    const { data, errors } = await track(api, events);
    expect(errors).toEqual([]);
    expect(data.trackInteractions.accepted).toBe(events.length);
  };
  const verify = async (): Promise<unknown> => {
    const environment = { DATABASE_URL: api.config.databaseUrl ?? '', DATABASE_SCHEMA: api.config.databaseSchema };
    const printed = await runCommand(addMemoryCommands, environment, 'memory', 'verify');
    return JSON.parse(printed.trimEnd().split('\n').at(-1) ?? '');
  };
  /** Each slot of the user's memory, when that is what the log and the pins give. */
  const slotsOf = async (userId: string): Promise<readonly string[]> => {
    await expectPinnedMemories(api.dataSource, version);
    expect(await verify()).toMatchObject({ version, damaged: 0, different: 0, missing: 0, outdated: 0 });
    const [row]: { state: Buffer }[] = await api.dataSource.query('SELECT state FROM user_memory WHERE user_id = $1', [
      userId,
    ]);
    return [0, 1, 2].map((slot) => slotBytes(network, row?.state ?? Buffer.alloc(0), slot));
  };
  const profileOf = async (userId: string, asOf?: string): Promise<ProfileView['memoryProfile']> => {
    const { data, errors } = await api.ask<ProfileView>(
      `query($userId: ID!, $asOf: DateTime) { memoryProfile(userId: $userId, asOf: $asOf) {
         slots { pinnedSince weight lastWrite { id } interactions { id share } } } }`,
      { userId, asOf },
    );
    expect(errors).toEqual([]);
    return data.memoryProfile;
  };
  const rowsOf = async (userId: string): Promise<readonly unknown[]> =>
    api.dataSource.query('SELECT * FROM slot_pin WHERE user_id = $1', [userId]);
  const actsOf = async (userId: string): Promise<readonly unknown[]> => {
    const { data } = await api.ask<{ auditLog: { edges: { node: unknown }[] } }>(
      `{ auditLog(userId: "${userId}") { edges { node { action counts } } } }`,
      {},
      key,
    );
    return data.auditLog.edges.map(({ node }) => node);
  };

  it('is written by no event behind the pin, by late ones before it, and by all behind its end', async () => {
    await write(...[0, 1, 2, 3, 6].map((n) => event('ann', n)));
    const before = await slotsOf('ann');
    const { data, errors } = await pin('ann', 1);
    expect(errors).toEqual([]);
    expect(data.pinSlot).toEqual({ pinnedSince: expect.any(String), modelVersion: version });
    expect(await slotsOf('ann')).toEqual(before);
    expect((await pin('ann', 1)).data).toEqual(data);

    await write(event('ann', 7, 6), event('ann', 8)); // the time of the newest, arrived later; and a later time
    const behind = await slotsOf('ann');
    expect(behind[1]).toBe(before[1]);
    expect([behind[0] === before[0], behind[2] === before[2]]).toEqual([false, false]);
    await write(event('ann', 9, 7)); // late, behind the pin
    expect((await slotsOf('ann'))[1]).toBe(before[1]);
    await write(event('ann', 10, 4)); // late, before the pin
    const late = await slotsOf('ann');
    expect(late[1]).not.toBe(before[1]);

    expect((await pin('ann', 1, false)).data.pinSlot).toEqual({ pinnedSince: null, modelVersion: version });
    expect(await slotsOf('ann')).toEqual(late);
    await write(event('ann', 11, 7)); // late, before the end
    expect((await slotsOf('ann'))[1]).toBe(late[1]);
    await write(event('ann', 12));
    expect((await slotsOf('ann'))[1]).not.toBe(late[1]);
    expect((await pin('ann', 1, false)).data.pinSlot.pinnedSince).toBeNull();
    expect(await actsOf('ann')).toEqual([
      { action: 'UNPIN_SLOT', counts: { slots: 1 } },
      { action: 'PIN_SLOT', counts: { slots: 1 } },
    ]);
  });

  it('leaves no trace where nothing happened between the pin and its end, and can be pinned again', async () => {
    await write(event('eve', 0), event('eve', 1));
    await pin('eve', 2);
    await pin('eve', 2, false);
    expect(await rowsOf('eve')).toEqual([]);
    await pin('eve', 2);
    const before = await slotsOf('eve');
    await write(event('eve', 3));
    await pin('eve', 2, false);
    await api.ask('mutation { forgetInteractions(input: {userId: "eve", ids: ["e3"]}) { forgotten } }', {}, key);
    await pin('eve', 2); // from the same place as before
    await write(event('eve', 4));
    expect((await slotsOf('eve'))[2]).toBe(before[2]);
    expect(await rowsOf('eve')).toHaveLength(1);
  });

  it('shows in the profile, of now and of then, with shares that are those of its gates', async () => {
    await write(...[0, 1, 2, 3].map((n) => event('bob', n)));
    const { pinnedSince } = (await pin('bob', 0)).data.pinSlot;
    await write(...[5, 6, 7].map((n) => event('bob', n)));
    await pin('bob', 0, false);
    await pin('bob', 2);
    await write(event('bob', 9));
    const [log] = (await pinnedLog(api.dataSource, version)).filter(({ userId }) => userId === 'bob');
    const events = log?.events ?? [];
    expect(events.map(({ pinned }) => pinned)).toEqual([[], [], [], [], [0], [0], [0], [2]]);
    const ids = [0, 1, 2, 3, 5, 6, 7, 9].map((n) => `e${n}`);
    const expectShares = async (count: number, profile: ProfileView['memoryProfile']): Promise<void> => {
      const { state, gates } = stepByStep(network, events.slice(0, count));
      const shares = slotShares(gates).map((own) => overHeads(own, options.heads));
      const weights = overHeads(network.attention(state), options.heads);
      expect(profile.slots.map(({ weight }) => weight)).toEqual(Array.from(weights, (w) => expect.closeTo(w, 6)));
      profile.slots.forEach(({ interactions }, slot) => {
        for (const { id, share } of interactions) expect(share).toBeCloseTo(shares[ids.indexOf(id)]?.[slot] ?? NaN, 6);
      });
    };
    const now = await profileOf('bob');
    await expectShares(8, now);
    expect(now.slots.map((slot) => slot.pinnedSince !== null)).toEqual([false, false, true]);
    const then = await profileOf('bob', event('bob', 6).occurredAt);
    await expectShares(6, then);
    expect(then.slots.map((slot) => slot.pinnedSince)).toEqual([pinnedSince, null, null]);
    expect(then.slots[0]?.interactions.find(({ id }) => id === 'e6')?.share ?? 0).toBe(0);
    expect(['e0', 'e1', 'e2', 'e3']).toContain(then.slots[0]?.lastWrite.id);

    const { data } = await api.ask<{
      recommendations: { items: { because: { id: string; attention: number }[] }[] };
    }>(
      '{ recommendations(input: {userId: "bob", first: 1, excludeSeen: false}) { items { because(first: 8) { id attention } } } }',
    );
    const { state, gates } = stepByStep(network, events);
    const expected = network.attribution(gates, network.attention(state));
    const reasons = data.recommendations.items[0]?.because ?? [];
    expect(reasons).toHaveLength(8);
    for (const { id, attention } of reasons) expect(attention).toBeCloseTo(expected[ids.indexOf(id)] ?? NaN, 6);
  });

  it('is written by what somebody looks at as little', async () => {
    await write(...[0, 1, 2, 3].map((n) => event('fay', n)));
    await pin('fay', 0);
    const [log] = (await pinnedLog(api.dataSource, version)).filter(({ userId }) => userId === 'fay');
    const looking = { itemId: 'item 3', kind: 'view', occurredAt: new Date(event('fay', 60).occurredAt) };
    const scoresOf = (pinned: readonly number[]) =>
      network.scores(stepByStep(network, [...(log?.events ?? []), { ...looking, pinned }]).state);
    const { data, errors } = await api.ask<{ recommendations: { items: { item: { id: string }; score: number }[] } }>(
      'query($input: RecommendationsInput!) { recommendations(input: $input) { items { item { id } score } } }',
      { input: { userId: 'fay', first: 8, context: { itemId: 'item 3', time: looking.occurredAt.toISOString() } } },
    );
    expect(errors).toEqual([]);
    const answered = data.recommendations.items;
    expect(answered).toHaveLength(3); // the rest is seen
    const row = (id: string): number => network.vocabulary.rowOf(id) - 1;
    for (const { item, score } of answered) expect(score).toBeCloseTo(scoresOf([0])[row(item.id)] ?? NaN, 5);
    const free = scoresOf([]);
    expect(answered.some(({ item, score }) => Math.abs(score - (free[row(item.id)] ?? NaN)) > 1e-3)).toBe(true);
  });

  it('goes with a reset, a merge into another and an erasure, is in an export, and stays when something is forgotten', async () => {
    const ids = ['reset', 'from', 'into', 'gone'];
    for (const userId of ids) {
      await write(...[0, 1, 2].map((n) => event(userId, n)));
      await pin(userId, 0);
      await write(event(userId, 4));
    }
    const exported = await api.ask<{ exportUser: { data: { pinnedSlots: unknown[] } } }>(
      'mutation { exportUser(input: {userId: "gone"}) { data } }',
      {},
      key,
    );
    expect(exported.data.exportUser.data.pinnedSlots).toEqual([
      expect.objectContaining({
        modelVersion: version,
        slot: 0,
        fromOccurredAt: event('', 2).occurredAt,
        untilArrival: null,
      }),
    ]);
    await api.ask('mutation { eraseUser(input: {userId: "gone"}) { interactions } }', {}, key);
    expect(await rowsOf('gone')).toEqual([]);

    await api.ask('mutation { resetMemory(input: {userId: "reset"}) { leftOut } }', {}, key);
    expect(await rowsOf('reset')).toEqual([]);
    await write(event('reset', 5), event('reset', 6));
    expect((await pinnedLog(api.dataSource, version)).find(({ userId }) => userId === 'reset')?.events).toHaveLength(2);
    await slotsOf('reset');

    await write(event('from', 13, 3), event('from', 14, 5)); // before and behind the pin of the other
    await api.ask('mutation { mergeUsers(input: {from: "from", into: "into"}) { interactions } }', {}, key);
    expect([await rowsOf('from'), await rowsOf('into')]).toMatchObject([[], { length: 1 }]);
    await slotsOf('into');
    await write(event('into', 8));
    const before = await slotsOf('into');
    await api.ask('mutation { forgetInteractions(input: {userId: "into", ids: ["e1"]}) { forgotten } }', {}, key);
    expect((await slotsOf('into'))[0]).not.toBe(before[0]);
    await api.ask('mutation { forgetInteractions(input: {userId: "into", ids: ["e4"]}) { forgotten } }', {}, key);
    await write(event('into', 9));
    const held = await slotsOf('into');
    await write(event('into', 10));
    expect((await slotsOf('into'))[0]).toBe(held[0]);
  });

  it('is not there: no such slot, no memory, no model or one without slots, another scope', async () => {
    await write(event('cat', 0));
    for (const slot of [-1, 3, 2_000_000_000]) {
      const { errors } = await pin('cat', slot);
      expect(errors).toMatchObject([
        { message: expect.stringContaining('slots 0 to 2'), extensions: { code: 'BAD_INPUT' } },
      ]);
    }
    for (const pinned of [true, false]) {
      const { errors } = await pin('nobody', 0, pinned);
      expect(errors).toMatchObject([
        { message: expect.stringContaining('no memory'), extensions: { code: 'BAD_INPUT' } },
      ]);
    }
    await api.ask('mutation { resetMemory(input: {userId: "cat"}) { leftOut } }', {}, key);
    expect((await pin('cat', 0)).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    expect([await rowsOf('cat'), await rowsOf('nobody')]).toEqual([[], []]);
    const reader = await api.ask('mutation { pinSlot(input: {userId: "bob", slot: 0}) { pinnedSince } }');
    expect(reader.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('stays behind where another model serves, and holds again where the old one does', async () => {
    await write(...[0, 1, 2].map((n) => event('dan', n)));
    await pin('dan', 0);
    await write(event('dan', 3));
    const first = version;
    version = await promoteRandom(api, items, { ...options, seed: 2 });
    expect((await profileOf('dan')).slots.map((slot) => slot.pinnedSince)).toEqual([null, null, null]);
    await expectPinnedMemories(api.dataSource, version);
    await write(event('dan', 4));
    await expectPinnedMemories(api.dataSource, version);
    await api.app.get(Promotion).promote(first);
    version = first;
    const before = await slotsOf('dan');
    await write(event('dan', 5));
    expect((await slotsOf('dan'))[0]).toBe(before[0]);
    version = await promoteRandom(api, items, { ...options, slots: 0, heads: 1 });
    expect((await pin('dan', 0)).errors).toMatchObject([
      { message: expect.stringContaining('no slots'), extensions: { code: 'BAD_INPUT' } },
    ]);
  });
});
