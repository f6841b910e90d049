/** What a shop has before a bench begins: items, a log of its known users, and a model that is not live yet. */
import type { DataSource } from 'typeorm';
import { defaultHyperparameters } from '../../src/training/hyperparameters.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { itemOf, type Shop } from './visits.js';

/**
 * `histories`: events of each known user, an hour apart; of several, as many users again have the next one. Returns the version of the
 * model.
 */
export async function fillShop(dataSource: DataSource, shop: Shop, ...histories: readonly number[]): Promise<number> {
  for (const [turn, history] of histories.entries())
    await dataSource.query(
      `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
       SELECT 'user-' || lpad(($4::int + n / $2::int)::text, 9, '0'), 'past-' || n, 'item-' || n::bigint * 7919 % $3::int, 'view',
              now() - interval '30 days' - ($2::int - n % $2::int) * interval '1 hour'
         FROM generate_series(0, $1::int * $2::int - 1) AS n`,
      [shop.warm, history, shop.items, turn * shop.warm],
    );
  await dataSource.query(
    `INSERT INTO item (id, change_number)
     SELECT 'item-' || n, pg_current_xact_id()::text::bigint FROM generate_series(0, $1::int - 1) AS n`,
    [shop.items],
  );
  await dataSource.query('VACUUM ANALYZE interaction, item');
  const itemIds = Array.from({ length: shop.items }, (_, item) => itemOf(item));
  const { width, slots, heads, blocks } = defaultHyperparameters;
  return storeCheckpoint(dataSource, randomCheckpoint(itemIds, { width, slots, heads, blocks }));
}
