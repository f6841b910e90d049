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
     ON CONFLICT (id) DO UPDATE SET properties = excluded.properties, incomplete = false, updated_at = now()
      WHERE p.incomplete OR p.properties <> excluded.properties
     RETURNING id`,
    [users.map(({ id }) => id), users.map(({ properties }) => JSON.stringify(properties))],
  );
  return rows.map(({ id }) => id);
}

/** Those that have no profile. */
export async function unknownUsers(tx: EntityManager, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows: { id: string }[] = await tx.query(
    'SELECT id FROM unnest($1::text[]) AS n(id) WHERE NOT EXISTS (SELECT FROM user_profile p WHERE p.id = n.id)',
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Profiles without properties; what was put stays as it is. */
export async function addIncompleteUsers(tx: EntityManager, ids: readonly string[]): Promise<void> {
  const missing = await unknownUsers(tx, ids);
  if (missing.length === 0) return;
  await tx.query(
    `INSERT INTO user_profile (id, properties, incomplete)
     SELECT id, '{}', true FROM unnest($1::text[]) AS n(id) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [missing],
  );
}

/** The same for every user of the log but those whose ids begin with the prefix. */
export async function addIncompleteUsersOfLog(tx: EntityManager, exceptPrefix: string): Promise<void> {
  await tx.query(
    `INSERT INTO user_profile (id, properties, incomplete)
     SELECT user_id, '{}', true FROM (SELECT DISTINCT user_id FROM interaction) AS log
      WHERE NOT starts_with(user_id, $1) ORDER BY user_id
     ON CONFLICT DO NOTHING`,
    [exceptPrefix],
  );
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

export interface UserProfileRow {
  readonly id: string;
  readonly properties: UserProperties;
  /** made by an interaction, and not put since */
  readonly incomplete: boolean;
}

/** Of these users, those that have a profile. */
export async function loadUserProfiles(tx: EntityManager, ids: readonly string[]): Promise<readonly UserProfileRow[]> {
  return tx.query('SELECT id, properties, incomplete FROM user_profile WHERE id = ANY($1::text[])', [ids]);
}
