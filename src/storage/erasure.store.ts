/** SQL of the users who were erased, and of what else than log and memories is held of a user. */
import type { EntityManager } from 'typeorm';
import type { ErasureEntity } from './erasure.entity.js';
import { deleteRecommendationsOf } from './recommendation.store.js';
import { deletePins } from './slot-pin.store.js';

/** Returns the erasure; of one who was erased before it is the first one. */
export async function putErasure(tx: EntityManager, hash: Buffer, interactions: number): Promise<ErasureEntity> {
  const rows = await tx.query<ErasureEntity[]>(
    `INSERT INTO erasure AS e (hash, interactions) VALUES ($1, $2)
     ON CONFLICT (hash) DO UPDATE SET interactions = e.interactions + excluded.interactions
     RETURNING hash, erased_at AS "erasedAt", interactions`,
    [hash, interactions],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the erasure was not returned');
  return row;
}

export async function isAnyoneErased(tx: EntityManager): Promise<boolean> {
  const rows: unknown[] = await tx.query('SELECT FROM erasure LIMIT 1');
  return rows.length > 0;
}

/** For each hash whether its user was erased. */
export async function areErased(tx: EntityManager, hashes: readonly Buffer[]): Promise<readonly boolean[]> {
  const rows = await tx.query<{ isErased: boolean }[]>(
    `SELECT EXISTS (SELECT FROM erasure e WHERE e.hash = decode(k.hash, 'hex')) AS "isErased"
       FROM unnest($1::text[]) WITH ORDINALITY AS k(hash, place) ORDER BY place`,
    [hashes.map((hash) => hash.toString('hex'))],
  );
  return rows.map(({ isErased }) => isErased);
}

/** Deletes the profile, what was answered, pins and what is kept of forgotten interactions. Whoever puts a profile meanwhile sees the erasure behind it. */
export async function deleteUserRows(tx: EntityManager, userId: string): Promise<void> {
  await tx.query('LOCK TABLE user_profile IN SHARE ROW EXCLUSIVE MODE');
  await tx.query('DELETE FROM user_profile WHERE id = $1', [userId]);
  await tx.query('DELETE FROM forgotten_interaction WHERE user_id = $1', [userId]);
  await deletePins(tx, userId);
  await deleteRecommendationsOf(tx, userId);
}

/** All erasures, the first one first. */
export async function listErasures(tx: EntityManager): Promise<readonly ErasureEntity[]> {
  return tx.query('SELECT hash, erased_at AS "erasedAt", interactions FROM erasure ORDER BY erased_at, hash');
}

/** Everyone of whom anything is held, behind `after` in the order of the ids. */
export async function listEveryone(tx: EntityManager, after: string, count: number): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }[]>(
    `(SELECT DISTINCT user_id AS id FROM interaction WHERE user_id > $1 ORDER BY 1 LIMIT $2)
     UNION (SELECT DISTINCT user_id FROM user_memory WHERE user_id > $1 ORDER BY 1 LIMIT $2)
     UNION (SELECT DISTINCT user_id FROM recommendation WHERE user_id > $1 ORDER BY 1 LIMIT $2)
     UNION (SELECT DISTINCT user_id FROM slot_pin WHERE user_id > $1 ORDER BY 1 LIMIT $2)
     UNION (SELECT id FROM user_profile WHERE id > $1 ORDER BY 1 LIMIT $2) ORDER BY 1 LIMIT $2`,
    [after, count],
  );
  return rows.map(({ id }) => id);
}
