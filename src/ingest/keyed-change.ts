/** Changes that came by Kafka under the id of what they change -> one transaction: rows and offset together. Of several of an id the last counts. */
import type { DataSource, EntityManager } from 'typeorm';
import { advanceProgress, lockProgress, type Position } from '../storage/consumer-progress.store.js';
import type { Placed } from './batch.js';

export interface KeyedChange<P> {
  readonly id: string;
  /** all of it, in place of what is there; null: it is deleted */
  readonly put: P | null;
}

export interface KeyedStore<P> {
  put(tx: EntityManager, puts: readonly P[]): Promise<unknown>;
  delete(tx: EntityManager, ids: readonly string[]): Promise<unknown>;
}

export async function applyKeyedChanges<P>(
  dataSource: DataSource,
  store: KeyedStore<P>,
  changes: readonly Placed<KeyedChange<P>>[],
  position: Position,
): Promise<void> {
  await dataSource.transaction(async (tx) => {
    const nextOffset = await lockProgress(tx, position);
    const last = new Map(
      changes.filter(({ offset }) => offset >= nextOffset).map(({ value: { id, put } }) => [id, put]),
    );
    await store.put(
      tx,
      [...last.values()].filter((put) => put !== null),
    );
    await store.delete(
      tx,
      [...last].filter(([, put]) => put === null).map(([id]) => id),
    );
    await advanceProgress(tx, position);
  });
}
