/** SQL of the trained networks: the row, its weights in chunks, and the one row that says what serves. */
import type { EntityManager } from 'typeorm';
import type { Dimensions } from '../model/dimensions.js';
import { LiveModelEntity, ModelEntity, type DataWindow, type ModelMetrics, type ModelStatus } from './model.entity.js';

/** Size of a row of `model_chunk`. */
export const chunkBytes = 1_048_576;

export interface NewModel {
  readonly status: ModelStatus;
  readonly dimensions: Dimensions;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly dataWindow: DataWindow;
  readonly metrics: ModelMetrics;
  readonly seed: number;
  readonly sha256: string;
  readonly byteLength: number;
}

export async function insertModel(tx: EntityManager, model: NewModel): Promise<number> {
  const rows: { version: number }[] = await tx.query(
    `INSERT INTO model (status, dimensions, hyperparameters, data_window, metrics, seed, sha256, byte_length)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING version`,
    [
      model.status,
      JSON.stringify(model.dimensions),
      JSON.stringify(model.hyperparameters),
      JSON.stringify(model.dataWindow),
      JSON.stringify(model.metrics),
      model.seed,
      model.sha256,
      model.byteLength,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the model row was not returned');
  return row.version;
}

export async function insertModelChunk(
  tx: EntityManager,
  version: number,
  number: number,
  bytes: Uint8Array,
): Promise<void> {
  await tx.query('INSERT INTO model_chunk (version, number, bytes) VALUES ($1, $2, $3)', [version, number, bytes]);
}

/** The weights one chunk at a time: a large checkpoint never lies twice in memory. */
export async function* readModelChunks(tx: EntityManager, version: number): AsyncGenerator<Buffer> {
  const numbers: { number: number }[] = await tx.query(
    'SELECT number FROM model_chunk WHERE version = $1 ORDER BY number',
    [version],
  );
  for (const { number } of numbers) {
    const rows: { bytes: Buffer }[] = await tx.query(
      'SELECT bytes FROM model_chunk WHERE version = $1 AND number = $2',
      [version, number],
    );
    for (const { bytes } of rows) yield bytes;
  }
}

export async function findModel(tx: EntityManager, version: number): Promise<ModelEntity | null> {
  return tx.findOneBy(ModelEntity, { version });
}

/** The newest first, from the version before `before` on; null: from the newest. */
export async function listModels(tx: EntityManager, before: string | null, count: number): Promise<ModelEntity[]> {
  const query = tx.createQueryBuilder(ModelEntity, 'model').orderBy('model.version', 'DESC').limit(count);
  if (before !== null) query.where('model.version < :before', { before });
  return query.getMany();
}

export async function setModelStatus(tx: EntityManager, version: number, status: ModelStatus): Promise<void> {
  await tx.query('UPDATE model SET status = $2 WHERE version = $1', [version, status]);
}

export async function findLiveModel(tx: EntityManager): Promise<LiveModelEntity | null> {
  return tx.findOneBy(LiveModelEntity, { single: true });
}

/** Makes `version` the one that serves. Runs in the transaction that holds the lock of the memory version. */
export async function setLiveModel(tx: EntityManager, version: number): Promise<void> {
  await tx.query(`UPDATE model SET status = 'RETIRED' WHERE status = 'LIVE' AND version <> $1`, [version]);
  await tx.query(
    `INSERT INTO live_model AS live (version) VALUES ($1)
     ON CONFLICT (single) DO UPDATE SET version = excluded.version, since = now(), replaced = live.version`,
    [version],
  );
  await setModelStatus(tx, version, 'LIVE');
}
