/** SQL of what was edited of the users of a batch, asked in one go: the write path does so in every transaction, mostly for nothing. */
import type { EntityManager } from 'typeorm';
import { textArray } from './binary-array.js';

export interface Edits {
  /** one of the newcomers was merged into another user */
  readonly isAnyMerged: boolean;
  /** somebody was erased, whoever it was */
  readonly isAnyoneErased: boolean;
  /** those of the users of whom an interaction was forgotten */
  readonly forgetful: readonly string[];
  /** those of whom a slot is or was pinned, under any version */
  readonly pinned: readonly string[];
}

/** `newcomers`: users without a memory; `userIds`: those whose forgotten interactions and pins are asked for. */
export async function editsOf(
  tx: EntityManager,
  newcomers: readonly string[],
  userIds: readonly string[],
): Promise<Edits> {
  const [edits] = await tx.query<[Edits]>(
    `SELECT EXISTS (SELECT FROM user_merge WHERE from_id = ANY($1::text[])) AS "isAnyMerged",
            EXISTS (SELECT FROM erasure) AS "isAnyoneErased",
            ARRAY(SELECT DISTINCT user_id FROM forgotten_interaction WHERE user_id = ANY($2::text[])) AS forgetful,
            ARRAY(SELECT DISTINCT user_id FROM slot_pin WHERE user_id = ANY($2::text[])) AS pinned`,
    [textArray(newcomers), textArray(userIds)],
  );
  return edits;
}
