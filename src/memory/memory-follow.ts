/**
 * Lets memories that do not serve yet follow the log: what a rebuild does not have is applied in the order of arrival, at the price
 * that it had for the version that serves.
 *
 * Users whose log was changed meanwhile are made anew from it. The memories stand at an arrival number: they hold exactly what arrived up to it. A step applies the next events and moves
 * that number; both ends must be cuts of the log, or an event that becomes visible later would be left out.
 */
import type { EntityManager } from 'typeorm';
import type { Network } from '../model/network.js';
import { readArrivals } from '../storage/interaction.store.js';
import { readMemoryEdits } from '../storage/memory-edit.store.js';
import type { MemoryTable } from '../storage/user-memory.store.js';
import { replay } from './memory-replay.js';
import { PinnedSlots } from './pinned-slots.js';
import { holdUsers, remember } from './remember.js';

/** Events of one step, and so of one transaction. */
const eventsAtOnce = 5_000;

/** One step from `after` towards `upTo`; returns where the memories stand then. */
export async function follow(
  tx: EntityManager,
  network: Network,
  table: MemoryTable,
  after: bigint,
  upTo: bigint,
): Promise<bigint> {
  const arrivals = await readArrivals(tx, after, upTo, eventsAtOnce);
  const last = arrivals.length < eventsAtOnce ? undefined : arrivals.at(-1);
  const reached = last === undefined ? upTo : BigInt(last.arrival);
  const events = arrivals.map(({ occurredAt, ...event }) => ({ ...event, occurredAt: occurredAt.getTime() }));
  const held = await holdUsers(tx, table, network, events);
  const pins = await PinnedSlots.read(
    tx,
    table.version,
    held.map(({ userId }) => userId),
  );
  const { toReplay } = await remember(tx, table, network, held, events, pins);
  const edited = await readMemoryEdits(tx, after); // also of edits behind `reached`: what they took is gone from the log already
  await replay(tx, network, table, [...new Set([...toReplay, ...edited])], reached);
  return reached;
}
