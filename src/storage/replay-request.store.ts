/** SQL of the users whose memories wait for a replay. A request is written and removed under the lock of the user's memory. */
import type { EntityManager } from 'typeorm';
import type { ReplayRequestEntity } from './replay-request.entity.js';

/** Events that are replayed in a tenth of a second or so; a history with more is long. */
const longCount = 5_000;

/** Notes too, of those who do not wait yet, whether their history is long. */
export async function requestReplay(tx: EntityManager, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await tx.query(
    `INSERT INTO replay_request (user_id, is_long)
     SELECT user_id, EXISTS (SELECT FROM interaction i WHERE i.user_id = u.user_id OFFSET $2)
       FROM unnest($1::text[]) AS u(user_id)
      WHERE NOT EXISTS (SELECT FROM replay_request r WHERE r.user_id = u.user_id)
     ON CONFLICT DO NOTHING`,
    [userIds, longCount],
  );
}

/** Those that wait longest, of the users whose history is long, or of the others. */
export async function waitingForReplay(tx: EntityManager, isLong: boolean, count: number): Promise<readonly string[]> {
  const rows = await tx.query<{ userId: string }[]>(
    `SELECT user_id AS "userId" FROM replay_request
      WHERE is_long = $1 ORDER BY requested_at, user_id LIMIT $2`,
    [isLong, count],
  );
  return rows.map(({ userId }) => userId);
}

export async function anyWaitsForReplay(tx: EntityManager): Promise<boolean> {
  const rows: unknown[] = await tx.query('SELECT FROM replay_request LIMIT 1');
  return rows.length > 0;
}

/** A request of a user; another one that took its place has another id. */
export type ReplayRequest = Pick<ReplayRequestEntity, 'userId' | 'id'>;

/** The requests of these users. */
export async function replayRequestsOf(
  tx: EntityManager,
  userIds: readonly string[],
): Promise<readonly ReplayRequest[]> {
  return tx.query('SELECT user_id AS "userId", id FROM replay_request WHERE user_id = ANY($1::text[])', [userIds]);
}

/** Returns the users whose requests were still there. */
export async function removeReplayRequests(
  tx: EntityManager,
  requests: readonly ReplayRequest[],
): Promise<readonly string[]> {
  const [rows] = await tx.query<[{ userId: string }[], number]>(
    `DELETE FROM replay_request r USING unnest($1::text[], $2::bigint[]) AS d(user_id, id)
      WHERE r.user_id = d.user_id AND r.id = d.id RETURNING r.user_id AS "userId"`,
    [requests.map(({ userId }) => userId), requests.map(({ id }) => id)],
  );
  return rows.map(({ userId }) => userId);
}

/** For a transaction that has made the memories of these users right. */
export async function dropReplayRequests(tx: EntityManager, userIds: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM replay_request WHERE user_id = ANY($1::text[])', [userIds]);
}

/** Which of these users wait. */
export async function whichWait(tx: EntityManager, userIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ userId: string }[]>(
    'SELECT user_id AS "userId" FROM replay_request WHERE user_id = ANY($1::text[])',
    [userIds],
  );
  return new Set(rows.map(({ userId }) => userId));
}
