/**
 * SQL of pinned slots. Pins of a user are written under the lock of the user's memory. Since their places are those of the newest event
 * then, no pin and no end of one changes what the log has already: whoever reads them behind the events reads all that concern these.
 */
import type { EntityManager } from 'typeorm';
import { textArray } from './binary-array.js';
import type { SequencePlace } from './interaction-read.store.js';
import type { SlotPinEntity } from './slot-pin.entity.js';

export type PinRow = Omit<SlotPinEntity, 'modelVersion'>;

const columns = `slot, from_occurred_at AS "fromOccurredAt", from_arrival AS "fromArrival", until_occurred_at AS "untilOccurredAt",
  until_arrival AS "untilArrival", pinned_at AS "pinnedAt"`;

/** The pins of these users, also those that have ended. */
export async function pinsOf(
  tx: EntityManager,
  version: number,
  userIds: readonly string[],
): Promise<readonly PinRow[]> {
  if (userIds.length === 0) return [];
  return tx.query(
    `SELECT user_id AS "userId", ${columns} FROM slot_pin
      WHERE user_id = ANY($1::text[]) AND model_version = $2 ORDER BY user_id, slot, from_occurred_at, from_arrival`,
    [textArray(userIds), version],
  );
}

/** The pins of a user under every version, for an export. */
export async function listPinsOf(tx: EntityManager, userId: string): Promise<readonly Omit<SlotPinEntity, 'userId'>[]> {
  return tx.query(
    `SELECT model_version AS "modelVersion", ${columns} FROM slot_pin
      WHERE user_id = $1 ORDER BY model_version, slot, from_occurred_at, from_arrival`,
    [userId],
  );
}

/** Which slot of whom. */
export interface PinnedSlot {
  readonly userId: string;
  readonly version: number;
  readonly slot: number;
}

/** Pins a slot that is not pinned from behind a place on; one that was so before from the same place goes on. */
export async function putPin(
  tx: EntityManager,
  { userId, version, slot }: PinnedSlot,
  { occurredAt, arrival }: SequencePlace,
): Promise<void> {
  await tx.query(
    `INSERT INTO slot_pin (user_id, model_version, slot, from_occurred_at, from_arrival) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id, model_version, slot, from_occurred_at, from_arrival) DO UPDATE
        SET until_occurred_at = NULL, until_arrival = NULL, pinned_at = now()`,
    [userId, version, slot, occurredAt, arrival],
  );
}

/** Ends the pin of a slot at a place; one that ends where it begins, or before, was there for nothing. */
export async function endPin(
  tx: EntityManager,
  { userId, version, slot }: PinnedSlot,
  { occurredAt, arrival }: SequencePlace,
): Promise<void> {
  await tx.query(
    `UPDATE slot_pin SET until_occurred_at = $4, until_arrival = $5
      WHERE user_id = $1 AND model_version = $2 AND slot = $3 AND until_arrival IS NULL`,
    [userId, version, slot, occurredAt, arrival],
  );
  await tx.query(
    `DELETE FROM slot_pin WHERE user_id = $1 AND model_version = $2 AND slot = $3
        AND (until_occurred_at, until_arrival) <= (from_occurred_at, from_arrival)`,
    [userId, version, slot],
  );
}

/** Takes all pins of a user away, under every version; returns how many there were. */
export async function deletePins(tx: EntityManager, userId: string): Promise<number> {
  const [, count] = await tx.query<[unknown, number]>('DELETE FROM slot_pin WHERE user_id = $1', [userId]);
  return count;
}
