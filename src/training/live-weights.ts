/** The weights of the model that serves, as a file for the child of a warm start. */
import { writeFile } from 'node:fs/promises';
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import { readWeights } from '../promotion/network-loader.js';
import { findLiveModel } from '../storage/model.store.js';

/** How a warm start that was asked for went: kept with the model and with the run. */
export interface WarmStart {
  /** the model that served; null: none did */
  readonly modelVersion: number | null;
  /** why the training started from scratch after all; null: it started from that model's weights */
  readonly refused: string | null;
}

/** Refused, and nothing written, where no model serves or its weights are damaged. */
export async function writeLiveWeights(manager: EntityManager, file: string): Promise<WarmStart> {
  const live = await findLiveModel(manager);
  if (live === null) return { modelVersion: null, refused: 'no model serves yet' };
  const modelVersion = live.version;
  try {
    await writeFile(file, await readWeights(manager, modelVersion), { mode: 0o600 });
    return { modelVersion, refused: null };
  } catch (error) {
    if (!(error instanceof RecollectError) || error.code !== 'CHECKPOINT_INVALID') throw error;
    return { modelVersion, refused: error.message };
  }
}
