/** A log with all that a replay could get wrong, for a network that tells of it; and the check that memories are what the log gives. */
import { expect } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { MemoryWriter, Offered } from '../src/memory/memory-writer.js';
import type { Interaction } from '../src/model/interaction.js';
import { encodeState } from '../src/model/user-state.js';
import { loadNetwork } from '../src/promotion/network-loader.js';
import { ReplayRequestEntity } from '../src/storage/replay-request.entity.js';
import type { RandomOptions } from './random-checkpoint.js';
import { until } from './service.js';

export const items = Array.from({ length: 30 }, (_, n) => `item ${n}`);
const start = Date.UTC(2026, 0, 1);

/** A network whose memories tell of every kind and gap that got lost or moved; one kind of the log is unknown to it. */
export const looking: RandomOptions = { heads: 2, kinds: ['cart', 'view'], gaps: 24 };

/** The n-th event of the test: about every tenth is late, some times are equal, some items are unknown to the model. */
export function interaction(n: number, users: number): Interaction {
  const late = n % 10 === 7 ? 5_000_000 : 0;
  return {
    id: `event ${n}`,
    userId: `user ${(n * 7919) % users}`,
    itemId: `item ${(n * 31) % 33}`,
    kind: ['view', 'click', 'cart'][n % 3] ?? '',
    value: null,
    occurredAt: start + Math.floor(n / 3) * 1_000 - late,
    sessionId: null,
    recommendationId: null,
    properties: null,
  };
}

/** Writes the events from the `first` on. */
export async function writeEvents(writer: MemoryWriter, first: number, count: number, users: number): Promise<void> {
  const offered: Offered[] = Array.from({ length: count }, (_, n) => ({
    interaction: interaction(first + n, users),
    offset: null,
  }));
  expect(await writer.apply(offered, null)).toEqual(offered.map(() => 'ACCEPTED'));
}

/** Every user of the log: the stored memory, and the one that one network gives for the log in order. */
export async function expectMemoriesToEqualTheLog(dataSource: DataSource, version: number): Promise<void> {
  await until(async () => !(await dataSource.getRepository(ReplayRequestEntity).exists()), 30_000);
  const network = await loadNetwork(dataSource.manager, version);
  const log: { user_id: string; items: string[]; kinds: string[]; times: Date[] }[] = await dataSource.query(
    `SELECT user_id, array_agg(item_id ORDER BY occurred_at, arrival) AS items, array_agg(kind ORDER BY occurred_at, arrival) AS kinds,
            array_agg(occurred_at ORDER BY occurred_at, arrival) AS times FROM interaction GROUP BY 1 ORDER BY 1`,
  );
  const memories: { user_id: string; state: Buffer; applied: number }[] = await dataSource.query(
    `SELECT user_id, state, interactions_applied::int AS applied FROM user_memory WHERE model_version = $1 ORDER BY 1`,
    [version],
  );
  expect(memories.map(({ user_id: userId, applied }) => [userId, applied])).toEqual(
    log.map((user) => [user.user_id, user.items.length]),
  );
  const different = log.filter(({ items: itemIds, kinds, times }, user) => {
    const sequence = itemIds.map((itemId, at) => ({ itemId, kind: kinds[at] ?? '', occurredAt: times[at] ?? null }));
    const { rows, ...context } = network.eventsOf(sequence);
    const { state } = network.trace(rows, context);
    return !encodeState(state).equals(memories[user]?.state ?? Buffer.alloc(0));
  });
  expect(different.map((user) => user.user_id)).toEqual([]);
}
