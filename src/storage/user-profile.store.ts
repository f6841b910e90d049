/** SQL of the users' profiles. Rows are locked in the order of the ids. */
import type { EntityManager } from 'typeorm';

export type UserProperties = Readonly<Record<string, unknown>>;

export interface UserPut {
  readonly id: string;
  readonly properties: UserProperties;
}

/** Puts each user's properties in place of those that are there, and returns the ids of those that this changed; an id may occur once. */
export async function putUsers(tx: EntityManager, users: readonly UserPut[]): Promise<readonly string[]> {
  if (users.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    `INSERT INTO user_profile AS p (id, properties)
     SELECT id, properties FROM unnest($1::text[], $2::jsonb[]) AS n(id, properties) ORDER BY id
     ON CONFLICT (id) DO UPDATE SET properties = excluded.properties, updated_at = now()
      WHERE p.properties <> excluded.properties
     RETURNING id`,
    [users.map(({ id }) => id), users.map(({ properties }) => JSON.stringify(properties))],
  );
  return rows.map(({ id }) => id);
}

/** Deletes what the profiles hold. Log and memories stay. */
export async function deleteUsers(tx: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `WITH present AS (SELECT id FROM user_profile WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE)
     DELETE FROM user_profile USING present WHERE user_profile.id = present.id`,
    [ids],
  );
}

/** null: nothing is known of the user. */
export async function findUserProperties(tx: EntityManager, id: string): Promise<UserProperties | null> {
  const rows: { properties: UserProperties }[] = await tx.query('SELECT properties FROM user_profile WHERE id = $1', [
    id,
  ]);
  return rows[0]?.properties ?? null;
}
