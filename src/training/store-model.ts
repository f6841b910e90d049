/** A trained network from the child's file into Postgres: decoded once, so that what is stored can be served. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { decodeCheckpoint } from '../model/checkpoint.js';
import type { DataWindow } from '../storage/model.entity.js';
import { chunkBytes, insertModel, insertModelChunk } from '../storage/model.store.js';
import { setRunModel, type Claim } from '../storage/training-run.store.js';
import type { TrainingResult } from './training-job.js';

/** The model, its weights and the run's reference to it, in one transaction; returns the version. */
export async function storeModel(
  dataSource: DataSource,
  claim: Claim,
  result: TrainingResult,
  dataWindow: DataWindow,
): Promise<number> {
  const bytes = await readFile(result.checkpointPath);
  const { dimensions } = decodeCheckpoint(bytes);
  const { users: testedUsers, ...figures } = result.test;
  return dataSource.transaction(async (tx) => {
    const version = await insertModel(tx, {
      status: 'CANDIDATE',
      dimensions,
      hyperparameters: { ...result.hyperparameters, bestEpoch: result.bestEpoch, device: result.device },
      dataWindow,
      metrics: testedUsers === 0 ? { testedUsers } : { testedUsers, ...figures },
      seed: result.hyperparameters.seed,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      byteLength: bytes.length,
    });
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      await insertModelChunk(tx, version, start / chunkBytes, bytes.subarray(start, start + chunkBytes));
    }
    if (!(await setRunModel(tx, claim, version))) throw new RecollectError('CANCELLED', 'the run was cancelled');
    return version;
  });
}
