/** A log for studies: users go round rings of items, with a random item now and then. */
import type { DataSource } from 'typeorm';
import { Random } from '../../src/training/random.js';

/** Trains within a second or two; the rules are few, so that the network's part of the score shows. */
export const studySettings = {
  RECOLLECT_TRAIN_RECIPE: '{"width":16,"batchPositions":64,"rulesPerItem":1}',
  RECOLLECT_TRAIN_EPOCHS: '4',
  RECOLLECT_TRAIN_THREADS: '1',
  RECOLLECT_TRAIN_DEVICE: 'cpu',
};

/** 80 users with eight interactions each, one a minute. */
export async function insertLog({ manager }: DataSource): Promise<void> {
  const random = new Random(5);
  const rows = Array.from({ length: 80 }, (_, user) => {
    const ring = random.below(6);
    const begin = random.below(8);
    return Array.from({ length: 8 }, (_, n) => {
      const isNoise = random.next() < 0.2;
      const item = isNoise ? random.below(48) : ring * 8 + ((begin + n) % 8);
      return { user: `user ${user}`, id: String(n), item: `item ${item}`, at: new Date(Date.UTC(2026, 0, 1, 0, n)) };
    });
  }).flat();
  await manager.query(
    `INSERT INTO interaction (user_id, id, item_id, kind, occurred_at)
     SELECT "user", id, item, 'view', at FROM jsonb_to_recordset($1::jsonb) AS row("user" text, id text, item text, at timestamptz)`,
    [JSON.stringify(rows)],
  );
}
