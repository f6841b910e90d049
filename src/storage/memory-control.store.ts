/** SQL of what memory control left of users, asked once for a batch of them: seldom any. */
import type { EntityManager } from 'typeorm';
import { textArray } from './binary-array.js';

export interface Controlled {
  /** of whom something was forgotten */
  readonly forgetful: ReadonlySet<string>;
  /** of whom a slot is or was pinned, under any version */
  readonly pinned: ReadonlySet<string>;
}

export async function controlledOf(tx: EntityManager, userIds: readonly string[]): Promise<Controlled> {
  const rows = await tx.query<{ userId: string; isPin: boolean }[]>(
    `SELECT user_id AS "userId", false AS "isPin" FROM forgotten_interaction WHERE user_id = ANY($1::text[])
     UNION SELECT user_id, true FROM slot_pin WHERE user_id = ANY($1::text[])`,
    [textArray(userIds)],
  );
  const of = (isPin: boolean) => new Set(rows.flatMap((row) => (row.isPin === isPin ? [row.userId] : [])));
  return { forgetful: of(false), pinned: of(true) };
}
