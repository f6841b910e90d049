/** SQL of the interactions that were forgotten. */
import type { EntityManager } from 'typeorm';

export interface ForgottenKey {
  readonly userId: string;
  readonly hash: Buffer;
}

export async function putForgotten(tx: EntityManager, userId: string, hashes: readonly Buffer[]): Promise<void> {
  await tx.query(
    `INSERT INTO forgotten_interaction (user_id, hash)
     SELECT $1, decode(hash, 'hex') FROM unnest($2::text[]) AS n(hash) ON CONFLICT DO NOTHING`,
    [userId, hashes.map((hash) => hash.toString('hex'))],
  );
}

/** For each of the keys whether it was forgotten. */
export async function areForgotten(tx: EntityManager, keys: readonly ForgottenKey[]): Promise<readonly boolean[]> {
  const rows = await tx.query<{ isForgotten: boolean }[]>(
    `SELECT EXISTS (SELECT FROM forgotten_interaction f WHERE f.user_id = k.user_id AND f.hash = decode(k.hash, 'hex')) AS "isForgotten"
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(user_id, hash, place) ORDER BY place`,
    [keys.map(({ userId }) => userId), keys.map(({ hash }) => hash.toString('hex'))],
  );
  return rows.map(({ isForgotten }) => isForgotten);
}

/** Whether anything was forgotten of anyone. */
export async function isAnythingForgotten(tx: EntityManager): Promise<boolean> {
  const rows: unknown[] = await tx.query('SELECT FROM forgotten_interaction LIMIT 1');
  return rows.length > 0;
}
