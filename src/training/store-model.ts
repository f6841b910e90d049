/** A trained network from the child's file into Postgres: decoded once, so that what is stored can be served. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { decodeCheckpoint } from '../model/checkpoint.js';
import type { DataWindow, RankingMetrics } from '../storage/model.entity.js';
import { chunkBytes, insertModel, insertModelChunk } from '../storage/model.store.js';
import type { Claim } from '../storage/training-claim.store.js';
import { setRunModel } from '../storage/training-run.store.js';
import type { WarmStart } from './live-weights.js';
import { systemNames, type SystemName, type TrainingResult } from './training-job.js';

/** The model, its weights and the run's reference to it, in one transaction; returns the version. */
export async function storeModel(
  dataSource: DataSource,
  claim: Claim,
  result: TrainingResult,
  dataWindow: DataWindow,
  warmStart: WarmStart | null,
): Promise<number> {
  const bytes = await readFile(result.checkpointPath);
  const { dimensions } = decodeCheckpoint(bytes);
  const testedUsers = result.test.users;
  return dataSource.transaction(async (tx) => {
    const version = await insertModel(tx, {
      status: 'CANDIDATE',
      dimensions,
      hyperparameters: { ...result.hyperparameters, warmStart, bestEpoch: result.bestEpoch, device: result.device },
      dataWindow,
      metrics: testedUsers === 0 ? { testedUsers } : { testedUsers, ...rankingMetrics(result) },
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

/** By system: the figures that a model is shown with. */
function rankingMetrics({ test, systems }: TrainingResult): Readonly<Record<SystemName, RankingMetrics>> {
  const entries = systemNames.map((name) => {
    const more = systems?.[name];
    const shown = more && {
      mrrAt10: more.mrrAt10.value,
      ndcgAt10Interval: [more.ndcgAt10.low, more.ndcgAt10.high],
      coverage: more.coverageAt10,
      gini: more.giniAt10,
      novelty: more.noveltyAt10,
      overlap: more.overlapAt10,
    };
    return [name, { ...test[name], ...shown }];
  });
  return Object.fromEntries(entries) as Readonly<Record<SystemName, RankingMetrics>>;
}
