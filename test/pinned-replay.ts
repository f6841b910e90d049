/** The memories that a log and its pins give, made step by step: what is pinned for an event is kept from before it and put back by hand. */
import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Network } from '../src/model/network.js';
import { slotsOf } from '../src/model/slots.js';
import { decodeState, emptyState, encodeState, type UserState } from '../src/model/user-state.js';
import { loadNetwork } from '../src/promotion/network-loader.js';
import { ReplayRequestEntity } from '../src/storage/replay-request.entity.js';
import { until } from './service.js';

export interface PinnedEvent {
  readonly itemId: string;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly pinned: readonly number[];
}

/** Keys and values of one slot, of all heads, in views. */
function viewsOf({ dimensions }: Network, state: UserState, slot: number): readonly Float32Array[] {
  const { heads, slots, width } = dimensions;
  const part = width / heads;
  const { keys, values } = slotsOf(state, dimensions);
  return Array.from({ length: heads }, (_, head) => (head * slots + slot) * part).flatMap((from) => [
    keys.subarray(from, from + part),
    values.subarray(from, from + part),
  ]);
}

/** The bytes of a slot of a stored memory. */
export function slotBytes(network: Network, stored: Buffer, slot: number): string {
  const views = viewsOf(network, decodeState(network.dimensions, stored), slot);
  return Buffer.concat(views.map((view) => Buffer.from(Float32Array.from(view).buffer))).toString('hex');
}

export function stepByStep(
  network: Network,
  sequence: readonly PinnedEvent[],
): { readonly state: UserState; readonly gates: readonly Float32Array[] } {
  const state = emptyState(network.dimensions);
  let previous: number | null = null;
  const gates = sequence.map(({ pinned, ...event }) => {
    const { rows, kinds, gaps } = network.eventsOf([event], previous);
    previous = event.occurredAt.getTime();
    const views = pinned.flatMap((slot) => viewsOf(network, state, slot));
    const before = views.map((view) => view.slice());
    const gate = network.stepTraced(state, rows[0] ?? 0, kinds[0], gaps[0]);
    views.forEach((view, at) => {
      view.set(before[at] ?? []);
    });
    return gate.map((own, at) => (pinned.includes(at % network.dimensions.slots) ? 1 : own));
  });
  return { state, gates };
}

/** What a user's memory is made of, in order. */
export async function pinnedLog(
  dataSource: DataSource,
  version: number,
): Promise<readonly { readonly userId: string; readonly events: readonly PinnedEvent[] }[]> {
  const rows: (PinnedEvent & { userId: string })[] = await dataSource.query(
    `SELECT user_id AS "userId", item_id AS "itemId", kind, occurred_at AS "occurredAt",
            ARRAY(SELECT DISTINCT slot FROM slot_pin p
                   WHERE p.user_id = i.user_id AND p.model_version = $1
                     AND (i.occurred_at, i.arrival) > (p.from_occurred_at, p.from_arrival)
                     AND (p.until_arrival IS NULL OR (i.occurred_at, i.arrival) <= (p.until_occurred_at, p.until_arrival))) AS pinned
       FROM interaction i WHERE remembered ORDER BY user_id, occurred_at, arrival`,
    [version],
  );
  return [...Map.groupBy(rows, ({ userId }) => userId)].map(([userId, events]) => ({ userId, events }));
}

/** Every user of the log: the stored memory, and the one that log and pins give. */
export async function expectPinnedMemories(dataSource: DataSource, version: number): Promise<void> {
  await until(async () => !(await dataSource.getRepository(ReplayRequestEntity).exists()), 30_000);
  const network = await loadNetwork(dataSource.manager, version);
  const stored: { userId: string; state: Buffer }[] = await dataSource.query(
    `SELECT user_id AS "userId", state FROM user_memory WHERE model_version = $1 AND interactions_applied > 0 ORDER BY 1`,
    [version],
  );
  const expected = (await pinnedLog(dataSource, version)).map(({ userId, events }) => ({
    userId,
    state: encodeState(stepByStep(network, events).state).toString('hex'),
  }));
  expect(stored.map(({ userId, state }) => ({ userId, state: state.toString('hex') }))).toEqual(expected);
}
